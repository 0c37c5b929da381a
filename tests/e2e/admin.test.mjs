// The admin endpoint and the commands that ask it.
import assert from "node:assert/strict";
import http from "node:http";
import { EventStream } from "./support/event_stream.mjs";
import { get, request } from "./support/http_client.mjs";
import { limpet_command } from "./support/limpet.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNoProbes = { probe: "none" };

async function two_backends(stage, settings = {}) {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: servers, ...settings });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  return { servers, limpet, admin: limpet.admin };
}

scenario("healthz says alive and readyz says whether a backend can serve", async (stage) => {
  const { servers, admin } = await two_backends(stage);
  assert.equal((await admin.answer("/healthz")).status, 200);
  assert.equal((await admin.answer("/readyz")).status, 200);
  for (const server of servers) await server.kill();
  await until(async () => (await admin.answer("/readyz")).status === 503);
  assert.equal((await admin.answer("/healthz")).status, 200);
});

scenario("the first page is for people", async (stage) => {
  const { admin } = await two_backends(stage);
  const page = await admin.answer("/");
  assert.equal(page.status, 200);
  assert.match(page.headers["content-type"], /^text\/html/);
});

scenario("a stream tells what changes, and is whole when limpet goes", async (stage) => {
  const { servers, limpet, admin } = await two_backends(stage);
  const stream = stage.add(await EventStream.open(`${admin.url}/v1/stream`));
  assert.deepEqual([stream.status, stream.headers["content-type"]], [200, "text/event-stream"]);
  await stream.hears("events");
  assert.deepEqual(stream.heard.slice(0, 4).map(({ name }) => name), ["status", "backends", "history", "events"]);
  const client = await stage.open_websocket(limpet.ws_url);
  await stream.hears("status", ({ sessions }) => sessions === 1);
  await stream.hears("backends", ({ backends }) => backends.some(({ name, sessions }) => name === client.backend && sessions === 1));
  await servers.find(({ name }) => name === client.backend).kill();
  await stream.hears("events", ({ events }) => events.some(({ event, backend, to }) => event === "health" && backend === client.backend && to === "down"));
  limpet.signal("SIGTERM");
  await until(() => stream.is_over, { what: "the end of the stream" });
  assert.deepEqual([stream.rest, stream.answer.complete], ["", true]);
});

scenario("streams take a quarter of the places, and one more is told so", async (stage) => {
  const { admin } = await two_backends(stage);
  const streams = [];
  while (streams.length < 16) streams.push(stage.add(await EventStream.open(`${admin.url}/v1/stream`)));
  await Promise.all(streams.map((stream) => stream.hears("status")));
  assert.equal((await admin.json("/v1/stream", { status: 503 })).error, "streams");
  streams.pop().stop();
  const stream = await until(async () => {
    const next = stage.add(await EventStream.open(`${admin.url}/v1/stream`));
    return next.status === 200 && next;
  });
  await stream.hears("events");
});

scenario("status tells version, uptime, workers and what has been served", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { workers: 2 });
  for (let i = 0; i < 5; ++i) await get(limpet.url);
  const client = await stage.open_websocket(limpet.ws_url);
  const status = await admin.json("/v1/status");
  assert.match(status.version, /^\d+\.\d+\.\d+$/);
  assert.equal(status.workers, 2);
  assert.equal(status.sessions, 1);
  assert.ok(status.uptime_s >= 0);
  assert.ok(status.totals.requests >= 6, JSON.stringify(status.totals));
  assert.equal(typeof status.generation, "number");
  await client.end(1000);
  await until(async () => (await admin.json("/v1/status")).sessions === 0);
});

scenario("backends tells name, address, health, mode and load of each", async (stage) => {
  const { servers, limpet, admin } = await two_backends(stage);
  const clients = [];
  for (let i = 0; i < 4; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  const backends = await admin.backends();
  assert.deepEqual(backends.map(({ name }) => name), ["w1", "w2"]);
  backends.forEach((backend, i) => {
    assert.equal(backend.pool, "default");
    assert.equal(backend.address, servers[i].as_backend().address);
    assert.deepEqual([backend.weight, backend.health, backend.mode], [1, "up", "enabled"]);
    assert.equal(backend.sessions, 2, "least sessions: two each");
    assert.ok(backend.requests >= 2);
    assert.equal(backend.last_probe.ok, true);
  });
});

scenario("the affinity table lists each of a thousand pins once, page by page", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { affinity: { by: "header:X-User" } });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  stage.add({ stop: () => agent.destroy() });
  const users = Array.from({ length: 1000 }, (_, i) => `user-${i}`);
  await Promise.all(users.map((user) => get(limpet.url, { agent, headers: { "X-User": user } })));
  for (const limit of [7, 100, 1000]) {
    const entries = await admin.affinity({ limit });
    assert.deepEqual(entries.map(({ key }) => key).sort(), [...users].sort(), `limit ${limit}`);
  }
  assert.equal((await admin.json("/v1/affinity?limit=1")).total, 1000);
  const of_w1 = await admin.affinity({ backend: "w1" });
  assert.ok(of_w1.length > 0 && of_w1.length < 1000 && of_w1.every(({ backend }) => backend === "w1"));
  assert.equal((await admin.affinity({ kind: "header" })).length, 1000);
  assert.equal((await admin.affinity({ kind: "cookie" })).length, 0);
});

scenario("one pin is told with its backend, reason, sessions and times", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { affinity: { by: "client_ip" } });
  const client = await stage.open_websocket(limpet.ws_url, { from: "127.0.0.77" });
  const pin = await admin.json("/v1/affinity/127.0.0.77");
  assert.equal(pin.key, "127.0.0.77");
  assert.equal(pin.kind, "client_ip");
  assert.equal(pin.pool, "default");
  assert.equal(pin.backend, client.backend);
  assert.equal(pin.reason, "balance");
  assert.equal(pin.sessions, 1);
  for (const time of ["created", "last_seen"]) assert.ok(!Number.isNaN(Date.parse(pin[time])), time);
  await client.end(1000);
  await until(async () => (await admin.json("/v1/affinity/127.0.0.77")).sessions === 0);
  assert.ok(Date.parse((await admin.json("/v1/affinity/127.0.0.77")).expires) > Date.now());
  assert.equal((await admin.json("/v1/affinity/10.1.2.3", { status: 404 })).error.length > 0, true);
});

scenario("a pin that is moved by hand sends the client there, one that is forgotten is gone", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { affinity: { by: "client_ip" } });
  const where = async () => (await get(limpet.url, { from: "127.0.0.78" })).headers["x-backend"];
  const other = (await where()) === "w1" ? "w2" : "w1";
  const put = await request(`${admin.url}/v1/affinity/127.0.0.78`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ backend: other }),
  });
  assert.equal(put.status, 200, put.body.toString());
  for (let i = 0; i < 3; ++i) assert.equal(await where(), other);
  assert.equal((await admin.json("/v1/affinity/127.0.0.78")).reason, "moved");
  assert.equal((await request(`${admin.url}/v1/affinity/127.0.0.78`, { method: "DELETE" })).status, 200);
  await admin.json("/v1/affinity/127.0.0.78", { status: 404 });
});

scenario("explain tells the steps and the answer without making the decision", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { affinity: { by: "client_ip", balance: "hash" } });
  const explained = await admin.json("/v1/affinity/explain?client_ip=127.0.0.79");
  assert.ok(explained.steps.length > 0);
  await admin.json("/v1/affinity/127.0.0.79", { status: 404 });
  assert.equal((await get(limpet.url, { from: "127.0.0.79" })).headers["x-backend"], explained.backend);
  const again = await admin.json("/v1/affinity/explain?client_ip=127.0.0.79");
  assert.equal(again.backend, explained.backend);
});

scenario("sessions tells every live tunnel and what passed through it", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { affinity: { by: "client_ip" } });
  const client = await stage.open_websocket(limpet.ws_url, { from: "127.0.0.80" });
  for (let i = 0; i < 3; ++i) await client.echo("12345");
  const [session] = await until(async () => {
    const sessions = await admin.sessions();
    return sessions.length === 1 && sessions;
  });
  assert.equal(session.key, "127.0.0.80");
  assert.equal(session.backend, client.backend);
  assert.match(session.client, /^127\.0\.0\.80:\d+$/);
  assert.deepEqual([session.messages_from_client, session.messages_from_backend], [3, 3]);
  assert.deepEqual([session.bytes_from_client, session.bytes_from_backend], [3 * 11, 3 * 7]);
  assert.ok(session.age_s >= session.idle_s);
  const more = [];
  for (let i = 0; i < 30; ++i) more.push(await stage.open_websocket(limpet.ws_url));
  const ids = new Set();
  let cursor = "";
  do {
    const page = await admin.json(`/v1/sessions?limit=4${cursor && `&cursor=${cursor}`}`);
    page.sessions.forEach(({ id }) => ids.add(id));
    cursor = page.next;
  } while (cursor);
  assert.equal(ids.size, 31);
});

scenario("the admin endpoint refuses foreign hosts and origins, unknown calls and unknown words", async (stage) => {
  const { admin } = await two_backends(stage);
  const status = async (path, options) => (await request(admin.url + path, options)).status;
  assert.equal(await status("/v1/status", { headers: { Host: "evil.test" } }), 403);
  const put = { method: "PUT", body: "{}", headers: { "Content-Type": "application/json", Origin: "http://evil.test" } };
  assert.equal(await status("/v1/affinity/k", put), 403);
  assert.equal(await status("/v1/affinity/k", { method: "PUT", body: "{}" }), 415);
  assert.equal(await status("/v1/nothing"), 404);
  assert.equal(await status("/v1/status", { method: "DELETE" }), 405);
  assert.equal(await status("/v1/affinity?colour=red"), 400);
  const answer = await admin.answer("/v1/status");
  assert.match(answer.headers["cache-control"], /no-store/);
});

scenario("no answer of the admin endpoint shows a cookie's value", async (stage) => {
  const { limpet, admin } = await two_backends(stage);
  const cookie = (await get(limpet.url)).headers["set-cookie"][0].split(";")[0].split("=")[1];
  for (const path of ["/", "/v1/status", "/v1/backends", "/v1/affinity", "/v1/sessions"]) {
    assert.equal((await admin.answer(path)).body.includes(cookie), false, path);
  }
});

scenario("the command line asks the endpoint, for people and as JSON", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { affinity: { by: "client_ip" } });
  const client = await stage.open_websocket(limpet.ws_url, { from: "127.0.0.81" });
  const run = async (...words) => {
    const told = await limpet_command(...words, "--admin", admin.url);
    assert.equal(told.code, 0, `${words.join(" ")}: ${told.stderr}`);
    return told.stdout;
  };
  assert.equal(JSON.parse(await run("status", "--json")).sessions, 1);
  assert.deepEqual(JSON.parse(await run("backends", "--json")).backends.map(({ name }) => name), ["w1", "w2"]);
  assert.equal(JSON.parse(await run("affinity", "--json")).entries[0].key, "127.0.0.81");
  assert.equal(JSON.parse(await run("affinity", "127.0.0.81", "--json")).backend, client.backend);
  assert.equal(JSON.parse(await run("sessions", "--json")).sessions[0].backend, client.backend);
  assert.match(await run("backends"), /w1[\s\S]*w2/);
  assert.match(await run("affinity"), /127\.0\.0\.81/);
  assert.match(await run("sessions"), new RegExp(client.backend));
  assert.match(await run("status"), /\d+\.\d+\.\d+/);
});

scenario("a command that cannot reach the endpoint, or asks for what is not there, fails and says why", async (stage) => {
  const { limpet, admin } = await two_backends(stage);
  const lost = await limpet_command("affinity", "nobody", "--admin", admin.url);
  assert.notEqual(lost.code, 0);
  assert.notEqual(lost.stderr, "");
  await limpet.stop();
  const unreachable = await limpet_command("status", "--admin", admin.url);
  assert.notEqual(unreachable.code, 0);
  assert.match(unreachable.stderr, /127\.0\.0\.1/);
});

scenario("without an admin endpoint it serves all the same", async (stage) => {
  const backend = await stage.serve_http((_, answer) => answer.end("well"));
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes, admin: { bind: "off" } });
  assert.equal((await get(limpet.url)).body.toString(), "well");
});
