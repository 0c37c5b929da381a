// The same core with another library at both ends: Python's `websockets`, and across the two libraries.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run_program } from "./support/child.mjs";
import { kCloses } from "./support/closes.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kClient = fileURLToPath(new URL("support/websockets_client.py", import.meta.url));

async function play(limpet, task) {
  const played = await run_program("/usr/bin/python3", [kClient, limpet.ws_url, task], { within: 60_000 });
  assert.equal(played.code, 0, played.stderr);
  return JSON.parse(played.stdout);
}

// The Python client against a server of each library.
for (const kind of ["python", "websocket"]) {
  const scenario_with = (name, plot) =>
    scenario(`with Python's client and the ${kind} server ${name}`, async (stage) => {
      const servers = await stage.start_servers(kind, "s1", "s2");
      const limpet = await stage.start_limpet({ backends: servers });
      await plot(limpet, servers);
    });

  scenario_with("messages from one byte to 16 MiB come back the same", async (limpet) => {
    const same = await play(limpet, "sizes");
    assert.equal(Object.keys(same).length, 9);
    for (const [size, is_same] of Object.entries(same)) assert.equal(is_same, true, `${size} bytes`);
  });

  scenario_with("fragments arrive as one message, both ways", async (limpet) => {
    assert.deepEqual(await play(limpet, "fragments"), { together: true, from_server: "one two three" });
  });

  scenario_with("a ping is answered", async (limpet) => {
    assert.deepEqual(await play(limpet, "ping"), { pong: true });
  });

  scenario_with("a close of the client reaches the backend with its code and reason", async (limpet, servers) => {
    assert.deepEqual(await play(limpet, "client_closes"), kCloses);
    const seen = async () => (await Promise.all(servers.map((server) => server.stats()))).flatMap(({ closes }) => closes);
    await until(async () => (await seen()).length === kCloses.length);
    const sorted = (closes) => closes.map(({ code, reason }) => `${code} ${reason}`).sort();
    assert.deepEqual(sorted(await seen()), sorted(kCloses));
  });

  scenario_with("a close of the backend reaches the client with its code and reason", async (limpet) => {
    assert.deepEqual(await play(limpet, "server_closes"), kCloses);
  });

  scenario_with("compression is negotiated and its frames pass", async (limpet) => {
    assert.deepEqual(await play(limpet, "deflate"), { extensions: ["permessage-deflate"], same: [true, true, true] });
  });

  scenario_with("the backend picks the subprotocol", async (limpet) => {
    assert.deepEqual(await play(limpet, "subprotocol"), { subprotocol: "chat.v2" });
  });

  scenario_with("a hundred clients get their messages in order", async (limpet) => {
    assert.deepEqual(await play(limpet, "many"), { in_order: true });
  });

  scenario_with("the cookie of the 101 brings a client back", async (limpet) => {
    const { first, again } = await play(limpet, "cookie");
    assert.deepEqual(again, Array(6).fill(first));
  });
}

scenario("a ws client talks to a Python backend", async (stage) => {
  const [server] = await stage.start_servers("python", "p1");
  const limpet = await stage.start_limpet({ backends: [server] });
  const client = await stage.open_websocket(limpet.ws_url, { perMessageDeflate: { threshold: 0 } });
  const text = "grüße 🐚 ".repeat(20_000);
  assert.equal(await client.echo(text), text);
  assert.deepEqual(await client.end(4000, "enough"), { code: 4000, reason: "enough" });
  await until(async () => (await server.stats()).closes.length === 1);
  const [close] = await until(async () => (await server.stats()).closes.length > 0 && (await server.stats()).closes);
  assert.deepEqual(close, { code: 4000, reason: "enough" });
});
