// Whose pages open WebSockets, and how many and how fast one client may.
import assert from "node:assert/strict";
import { WebSocketClient } from "./support/websocket_client.mjs";
import { get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

async function limited(stage, limits, others = {}) {
  const servers = await stage.start_servers("websocket", "w1");
  return stage.start_limpet({ backends: servers, limits, ...others });
}

// What a handshake that is refused was answered.
async function refused(limpet, options) {
  const client = new WebSocketClient(limpet.ws_url, options);
  const answer = new Promise((resolve, reject) => {
    client.socket.on("unexpected-response", (_, response) => {
      response.resume();
      resolve({ status: response.statusCode, reason: response.headers["limpet-reason"], retry: response.headers["retry-after"] });
    });
    client.socket.on("open", () => reject(new Error("it was let in")));
  });
  try {
    return await answer;
  } finally {
    client.socket.terminate();
  }
}

scenario("a page of another site cannot open a WebSocket with the visitor's cookies", async (stage) => {
  const limpet = await limited(stage, { websocket_origins: ["https://app.example.com", "*.example.org"] });
  for (const origin of ["https://app.example.com", "https://deep.in.example.org"]) {
    const client = await stage.open_websocket(limpet.ws_url, { origin });
    assert.equal(await client.echo("hello"), "hello");
  }
  for (const origin of ["https://evil.example.net", "https://app.example.com.evil.net", "null", undefined]) {
    assert.deepEqual(await refused(limpet, { origin }), { status: 403, reason: "origin", retry: undefined }, String(origin));
  }
  const page = await get(limpet.url, { headers: { Origin: "https://evil.example.net" } });
  assert.notEqual(page.headers["limpet-reason"], "origin");
});

scenario("one client cannot take more sessions than it may, however many workers there are", async (stage) => {
  const limpet = await limited(stage, { sessions_per_client: 3 }, { workers: 4 });
  const open = () => stage.open_websocket(limpet.ws_url, { from: "127.0.0.2" });
  const mine = [await open(), await open(), await open()];
  assert.deepEqual(await refused(limpet, { from: "127.0.0.2" }), { status: 429, reason: "client_sessions", retry: undefined });
  const other = await stage.open_websocket(limpet.ws_url, { from: "127.0.0.3" });
  assert.equal(await other.echo("not concerned"), "not concerned");
  mine[1].socket.terminate();
  await until(async () => (await limpet.admin.sessions()).length === 3, "the session has ended");
  assert.equal(await (await open()).echo("again"), "again");
});

scenario("clients behind a trusted proxy are limited by their own address, which they cannot choose", async (stage) => {
  const limpet = await limited(stage, { sessions_per_client: 1 }, { trusted_proxies: ["127.0.0.1"] });
  const by = (address) => ({ headers: { "X-Forwarded-For": address } });
  await stage.open_websocket(limpet.ws_url, by("192.0.2.1"));
  await stage.open_websocket(limpet.ws_url, by("192.0.2.2"));
  assert.equal((await refused(limpet, by("192.0.2.1"))).status, 429);
  assert.equal((await refused(limpet, by("198.51.100.7, 192.0.2.1"))).status, 429);
  assert.equal((await refused(limpet, { headers: { Forwarded: "for=192.0.2.2" } })).status, 429);
});

scenario("a client that opens too fast is told when to come back", async (stage) => {
  const limpet = await limited(stage, { handshakes_per_client: "2/h" });
  for (let i = 0; i < 2; ++i) await stage.open_websocket(limpet.ws_url);
  const { status, reason, retry } = await refused(limpet);
  assert.deepEqual({ status, reason }, { status: 429, reason: "client_rate" });
  assert.ok(Number(retry) > 1700 && Number(retry) <= 1800, `Retry-After: ${retry}`);
});
