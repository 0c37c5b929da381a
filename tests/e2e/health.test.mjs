// Health: how soon a backend is known to be down and up again, by every kind of probe.
import assert from "node:assert/strict";
import { get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kInterval = 200;
const kTimeout = 500;
const kFall = 3;
const health = { interval: `${kInterval}ms`, timeout: `${kTimeout}ms`, fall: kFall, rise: 2 };
// What the contract allows, and as much again for a busy machine.
const kBound = 2 * (kFall * kInterval + kTimeout) + 1000;

const kProbes = { tcp: {}, http: { path: "/stats", expect: "200" }, websocket: { path: "/socket" } };

for (const [probe, how] of Object.entries(kProbes)) {
  scenario(`by ${probe} probes a killed backend is down in time, and up again when it returns`, async (stage) => {
    const servers = await stage.start_servers("websocket", "w1", "w2");
    const limpet = await stage.start_limpet({ backends: servers, health: { ...health, probe, ...how } });
    for (const { name } of servers) await limpet.admin.until_health(name, "up");
    await servers[0].kill();
    const killed_at = Date.now();
    await limpet.admin.until_health("w1", "down");
    assert.ok(Date.now() - killed_at < kBound, `it took ${Date.now() - killed_at} ms`);
    assert.equal((await limpet.admin.backend("w2")).health, "up");
    const { last_probe } = await limpet.admin.backend("w1");
    assert.equal(last_probe.ok, false);
    assert.notEqual(last_probe.detail, "");
    for (let i = 0; i < 4; ++i) assert.equal((await get(limpet.url)).headers["x-backend"], "w2");
    await servers[0].restart();
    await limpet.admin.until_health("w1", "up");
    await until(async () => (await get(limpet.url)).headers["x-backend"] === "w1");
  });
}

for (const probe of ["http", "websocket"]) {
  scenario(`by ${probe} probes a frozen backend is down in time, and up again when it thaws`, async (stage) => {
    const servers = await stage.start_servers("websocket", "w1", "w2");
    const limpet = await stage.start_limpet({ backends: servers, health: { ...health, probe } });
    for (const { name } of servers) await limpet.admin.until_health(name, "up");
    servers[0].freeze();
    const frozen_at = Date.now();
    await limpet.admin.until_health("w1", "down");
    assert.ok(Date.now() - frozen_at < kBound + kFall * kTimeout, `it took ${Date.now() - frozen_at} ms`);
    servers[0].thaw();
    await limpet.admin.until_health("w1", "up");
  });
}

scenario("an http probe looks at the status", async (stage) => {
  let status = 200;
  const backend = await stage.serve_http((_, answer) => answer.writeHead(status).end());
  const limpet = await stage.start_limpet({ backends: [backend], health: { ...health, probe: "http", expect: "200-299" } });
  await limpet.admin.until_health("http", "up");
  status = 500;
  await limpet.admin.until_health("http", "down");
  assert.match((await limpet.admin.backend("http")).last_probe.detail, /500/);
  status = 204;
  await limpet.admin.until_health("http", "up");
});

scenario("a websocket probe does not believe a backend that answers HTTP only", async (stage) => {
  const backend = await stage.serve_http((_, answer) => answer.end("a page"));
  const limpet = await stage.start_limpet({ backends: [backend], health: { ...health, probe: "websocket" } }, { ready: false });
  await limpet.admin.until_health("http", "down");
});

scenario("the probes leave no session behind at the backend", async (stage) => {
  const [server] = await stage.start_servers("websocket", "w1");
  const limpet = await stage.start_limpet({ backends: [server], health: { ...health, probe: "websocket" } });
  await limpet.admin.until_health("w1", "up");
  await until(async () => (await server.stats()).opened > 5);
  await limpet.stop();
  await until(async () => (await server.stats()).open === 0);
});

scenario("without probes a backend's health is unknown and it serves", async (stage) => {
  const backend = await stage.serve_http((_, answer) => answer.end("well"));
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  assert.equal((await limpet.admin.backend("http")).health, "unknown");
  assert.equal((await get(limpet.url)).body.toString(), "well");
});

scenario("a change of health is in the log", async (stage) => {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: servers, health });
  await limpet.admin.until_health("w1", "up");
  await servers[0].kill();
  await until(() => limpet.events().some((event) => /down/.test(JSON.stringify(event)) && event.backend === "w1"));
});

scenario("a backend that freezes for a while loses no session and no message", async (stage) => {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: servers, health: { ...health, probe: "http" } });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  const clients = [];
  for (let i = 0; i < 6; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  servers[0].freeze();
  clients.forEach((client) => client.send("before"));
  await limpet.admin.until_health("w1", "down");
  clients.forEach((client) => client.send("after"));
  servers[0].thaw();
  for (const client of clients) {
    assert.equal((await client.message()).text, "before");
    assert.equal((await client.message()).text, "after");
  }
});
