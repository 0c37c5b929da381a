// A network that is cut without a word, and its counterpart: peers that are there and do not read.
import assert from "node:assert/strict";
import { ServerProcess } from "./support/backends.mjs";
import { Child } from "./support/child.mjs";
import { FarNetwork, why_forbidden } from "./support/far_network.mjs";
import { make_frame, switch_answer } from "./support/frames.mjs";
import { get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const forbidden = why_forbidden();
const options = { skip: forbidden || false };
const kNoProbes = { probe: "none", passive: { failures: 5, window: "10s", eject: "1s" } };
// What the contract allows, and something for a busy machine.
const kEarliest = 5000;
const kLatest = 12_000;

// A WebSocket server in the far network.
class FarServer extends ServerProcess {
  constructor(network, name) {
    super("websocket", name, { host: network.far });
    this.network = network;
  }
  command() {
    const [command, args] = super.command();
    return this.network.inside(command, args.map(String));
  }
}

// Sends something every now and then, and notes what is answered.
function chat(stage, client) {
  client.answers = 0;
  client.socket.on("message", () => (client.answers += 1));
  const timer = setInterval(() => client.close === undefined && client.send("hello"), 100);
  stage.add({ stop: () => clearInterval(timer) });
  client.ended_at = client.closed.then(() => Date.now());
  return client;
}
const until_answered = (client) => {
  const before = client.answers;
  return until(() => client.answers > before, { what: "another answer" });
};

scenario("a partition ends the sessions beyond it in time and nobody else's, and they come back after it", async (stage, t) => {
  const network = stage.add(new FarNetwork()).start();
  const far = await stage.add(new FarServer(network, "far")).start();
  const near = await stage.start_server("websocket", "near");
  const limpet = await stage.start_limpet({ backends: [far, near], health: kNoProbes, timeouts: { connect: "300ms" } });
  const clients = [];
  const on = (name) => clients.filter((client) => client.backend === name);
  // A connect may be late on a busy machine, and then goes elsewhere.
  await until(async () => {
    clients.push(chat(stage, await stage.open_websocket(limpet.ws_url)));
    return clients.length >= 10 && on("far").length > 0 && on("near").length > 0;
  });
  const [beyond, bystanders] = [on("far"), on("near")];
  for (const client of clients) await until_answered(client);
  network.cut();
  const cut_at = Date.now();
  for (const client of beyond) {
    const took = (await client.ended_at) - cut_at;
    assert.ok(took > kEarliest && took < kLatest, `it took ${took} ms`);
  }
  t.diagnostic(`the sessions were over ${Date.now() - cut_at} ms after the cut`);
  const ends = await until(() => {
    const seen = limpet.events("session_end");
    return seen.length >= beyond.length && seen;
  });
  assert.deepEqual([...new Set(ends.map((event) => event.reason))], ["backend_lost"]);
  for (const client of bystanders) await until_answered(client);
  assert.equal((await stage.open_websocket(limpet.ws_url)).backend, "near");
  network.heal();
  await until(async () => {
    const client = await stage.open_websocket(limpet.ws_url);
    return client.backend === "far" && (await client.echo("back")) === "back";
  });
}, options);

// Opens a WebSocket, says so and listens.
const kFarClient = `
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(b"GET / HTTP/1.1\\r\\nHost: limpet.test\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
print(s.recv(12).decode(), flush=True)
while s.recv(65536): pass
`;

scenario("a client that vanishes while it is sent something ends in time", async (stage, t) => {
  const network = stage.add(new FarNetwork()).start();
  const backend = await stage.script_backend(async (connection) => {
    connection.send(switch_answer(await connection.read_head()));
    const timer = setInterval(() => !connection.over && connection.send(make_frame({ opcode: 1, payload: Buffer.from("news") })), 100);
    stage.add({ stop: () => clearInterval(timer) });
  });
  const limpet = await stage.start_limpet({ listeners: [{ bind: "0.0.0.0:0" }], backends: [backend], health: kNoProbes });
  const client = new Child(...network.inside("/usr/bin/python3", ["-c", kFarClient, FarNetwork.host, String(limpet.port)]));
  stage.add({ stop: () => client.kill() });
  await client.saw(({ output }) => output.startsWith("HTTP/1.1 101"), "the far client is served");
  network.cut();
  const cut_at = Date.now();
  const [end] = await until(() => limpet.events("session_end").length > 0 && limpet.events("session_end"));
  const took = Date.now() - cut_at;
  t.diagnostic(`the session was over ${took} ms after the cut`);
  assert.equal(end.reason, "client_lost");
  assert.ok(took > kEarliest && took < kLatest, `it took ${took} ms`);
}, options);

scenario("a backend and a client that do not read for longer than that lose nothing", async (stage) => {
  const server = await stage.start_server("websocket", "w1");
  const limpet = await stage.start_limpet({ backends: [server], health: kNoProbes });
  const [stuck, slow] = [await stage.open_websocket(limpet.ws_url), await stage.open_websocket(limpet.ws_url)];
  const large = Buffer.alloc(8 * 1024 * 1024, "x").toString();
  // More than all buffers on the way hold: the windows close.
  slow.send(large);
  slow.socket.pause();
  await until(async () => (await server.stats()).messages === 1);
  server.freeze();
  stuck.send(large);
  const begun = Date.now();
  // Nothing is to happen for so long: time itself is what is awaited.
  await until(() => Date.now() - begun > kLatest + 2000);
  assert.equal(limpet.events("session_end").length, 0);
  server.thaw();
  slow.socket.resume();
  assert.equal((await stuck.message()).text, large);
  assert.equal((await slow.message()).text, large);
  assert.equal((await get(limpet.url)).status, 200);
});
