// How limpet leaves: by signals, with and without work under way.
import assert from "node:assert/strict";
import { Connection } from "./support/connection.mjs";
import { Opcode, close_payload } from "./support/frames.mjs";
import { get, request } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { tunnels } from "./support/tunnel.mjs";
import { until } from "./support/until.mjs";

const kNoProbes = { probe: "none" };

async function is_refused(port) {
  try {
    (await Connection.open(port)).close();
    return false;
  } catch (error) {
    return error.code === "ECONNREFUSED";
  }
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  scenario(`${signal} without work under way ends it at once with code 0`, async (stage) => {
    const backend = await stage.serve_http((_, answer) => answer.end("well"));
    const limpet = await stage.start_limpet({ backends: [backend] });
    const idle = await stage.connect(limpet.port);
    idle.send("GET / HTTP/1.1\r\nHost: limpet.test\r\n\r\n");
    await idle.read_message();
    const began = Date.now();
    limpet.signal(signal);
    assert.equal(await idle.ending(), "end");
    idle.finish();
    assert.deepEqual(await limpet.exit(), { code: 0, signal: null });
    assert.ok(Date.now() - began < 15_000, "long before the grace time of 30 s is over");
    assert.equal(limpet.events("stopped").length, 1);
  });
}

scenario("on TERM no new connection is accepted while a slow request finishes", async (stage) => {
  let answer_now;
  const backend = await stage.serve_http((_, answer) => (answer_now = () => answer.end("at last")));
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  const slow = get(limpet.url);
  await until(() => answer_now);
  limpet.signal("SIGTERM");
  await until(() => is_refused(limpet.port));
  assert.equal(limpet.end, undefined, "it still runs");
  answer_now();
  const answer = await slow;
  assert.deepEqual([answer.status, answer.body.toString()], [200, "at last"]);
  assert.equal((await limpet.exit()).code, 0);
});

scenario("on TERM an answer that streams is not cut before the grace time", async (stage) => {
  let stream;
  const backend = await stage.serve_http((_, answer) => {
    answer.write("first,");
    stream = answer;
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  const client = await stage.connect(limpet.port);
  client.send("GET / HTTP/1.1\r\nHost: limpet.test\r\n\r\n");
  await client.read_through("first,");
  limpet.signal("SIGTERM");
  await until(() => is_refused(limpet.port));
  stream.end("last");
  await client.read_through("last\r\n0\r\n\r\n");
  client.finish();
  assert.equal((await limpet.exit()).code, 0);
});

scenario("on TERM a WebSocket gets a Close before the grace time ends, and messages pass until then", async (stage) => {
  const [server] = await stage.start_servers("websocket", "w1");
  // Too slow a rate: it goes up so that the last one is told after 2 s.
  const limpet = await stage.start_limpet({ backends: [server], drain: { grace: "4s", rate: "1/s" } });
  const clients = [];
  for (let i = 0; i < 5; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  const began = Date.now();
  limpet.signal("SIGTERM");
  await until(() => limpet.events("stopping").length === 1);
  assert.equal(await clients.at(-1).echo("still here"), "still here"); // the longest idle go first
  for (const client of clients) assert.deepEqual(await client.ended(), { code: 1012, reason: "service restart" });
  assert.equal((await limpet.exit()).code, 0);
  assert.ok(Date.now() - began < 15_000);
  await until(async () => (await server.stats()).open === 0);
  assert.ok((await server.stats()).closes.every(({ code }) => code === 1012));
});

scenario("on TERM a client that does not answer the Close is cut within the grace time", async (stage) => {
  const { limpet, open } = await tunnels(stage, { drain: { grace: "2s" } });
  const { client, backend } = await open();
  limpet.signal("SIGTERM");
  for (const end of [client, backend]) assert.equal((await end.read_frame()).opcode, Opcode.Close);
  assert.equal((await limpet.exit()).code, 0);
});

scenario("on TERM a tunnel whose ends close in good order ends before the grace time", async (stage) => {
  const { limpet, open } = await tunnels(stage, { drain: { grace: "60s" } });
  const { client, backend } = await open();
  limpet.signal("SIGTERM");
  await until(() => limpet.events("stopping").length === 1);
  client.send_frame({ opcode: Opcode.Close, payload: close_payload(1000), masked: true });
  assert.equal((await backend.read_frame()).code, 1000);
  backend.send_frame({ opcode: Opcode.Close, payload: close_payload(1000) }).finish();
  assert.equal((await client.read_frame()).code, 1000);
  client.finish();
  assert.equal((await limpet.exit()).code, 0);
});

scenario("a second TERM ends it at once", async (stage) => {
  const { limpet, open } = await tunnels(stage, { drain: { grace: "10m" } });
  const { client } = await open();
  limpet.signal("SIGTERM");
  await until(() => limpet.events("stopping").length === 1);
  limpet.signal("SIGTERM");
  assert.equal((await limpet.exit()).code, 0);
  await client.ending();
});

scenario("while it stops the admin endpoint answers for every worker and is not ready", async (stage) => {
  const { limpet, open } = await tunnels(stage, { workers: 3, drain: { grace: "10m" } });
  await open();
  limpet.signal("SIGTERM");
  await until(() => limpet.events("stopping").length === 1);
  assert.equal((await limpet.admin.answer("/healthz")).status, 200);
  assert.equal((await limpet.admin.answer("/readyz")).status, 503);
  assert.equal((await limpet.admin.sessions()).length, 1);
  const nobody = await request(`${limpet.admin.url}/v1/sessions/999999`, { method: "DELETE" });
  assert.equal(nobody.status, 404, nobody.body.toString());
});
