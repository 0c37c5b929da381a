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

// Sessions that send and are answered without pause, so that it is known to a few milliseconds when one ends.
async function talk(stage, limpet, count) {
  const clients = [];
  for (let i = 0; i < count; ++i) {
    const client = await stage.open_websocket(limpet.ws_url);
    client.echoes = 0;
    client.talking = (async () => {
      for (let i = 0; !client.quiet; ++i) {
        assert.equal(await client.echo(`message ${i}`), `message ${i}`);
        client.echoes += 1;
      }
    })();
    client.talking.catch((error) => (client.failure = error));
    client.ended_at = client.closed.then(() => Date.now());
    clients.push(client);
  }
  stage.add({ stop: () => clients.forEach((client) => (client.quiet = true)) });
  return clients;
}
const of = (clients, name) => clients.filter((client) => client.backend === name);

// They are all there and are answered still.
async function expect_unharmed(clients) {
  assert.ok(clients.length > 0);
  for (const client of clients) {
    const before = client.echoes;
    await until(() => client.echoes > before, { what: "another answer" });
    assert.equal(client.failure, undefined);
    assert.equal(client.close, undefined);
  }
}

scenario("the death of a backend reaches its clients within a second, and nobody else's", async (stage) => {
  const servers = await stage.start_servers("websocket", "w1", "w2", "w3");
  const limpet = await stage.start_limpet({ backends: servers, health });
  const clients = await talk(stage, limpet, 30);
  const dying = of(clients, "w1");
  assert.ok(dying.length > 0);
  const killed_at = Date.now();
  await servers[0].kill();
  for (const client of dying) {
    const took = (await client.ended_at) - killed_at;
    assert.ok(took < 1000, `it took ${took} ms`);
    const again = await stage.open_websocket(limpet.ws_url);
    assert.notEqual(again.backend, "w1");
  }
  await expect_unharmed(clients.filter((client) => client.backend !== "w1"));
});

// The only thing that is awaited here is time.
const until_passed = (milliseconds) => {
  const end = Date.now() + milliseconds;
  return until(() => Date.now() >= end, { what: "time" });
};

scenario("a backend that dies and returns every second harms no session of others and leaves no client unserved", async (stage, t) => {
  const servers = await stage.start_servers("websocket", "w1", "w2", "w3");
  const limpet = await stage.start_limpet({ backends: servers, health });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  const steady = (await talk(stage, limpet, 30)).filter((client) => client.backend !== "w1");
  let served = 0;
  let flapping = true;
  const newcomers = (async () => {
    while (flapping) {
      const client = await stage.open_websocket(limpet.ws_url);
      assert.equal((await get(limpet.url)).status, 200);
      served += 1;
      client.terminate();
    }
  })();
  newcomers.catch(() => {});
  const kFlaps = 8; // each a second down and a second up, or what a busy machine makes of it
  for (let flap = 0; flap < kFlaps; ++flap) {
    await servers[0].kill();
    await until_passed(1000);
    await servers[0].restart();
    await until_passed(1000);
  }
  flapping = false;
  await newcomers;
  t.diagnostic(`${served} new clients were served meanwhile`);
  assert.ok(served > 20);
  await expect_unharmed(steady);
});

scenario("all backends down is answered at once, and service is back two seconds after they are", async (stage, t) => {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: servers, health: { probe: "http" } });
  await Promise.all(servers.map((server) => server.kill()));
  for (const { name } of servers) await limpet.admin.until_health(name, "down");
  const asked_at = Date.now();
  const answer = await get(limpet.url);
  assert.equal(answer.status, 503);
  assert.match(answer.headers["retry-after"], /^[1-9]/);
  assert.ok(Date.now() - asked_at < 500);
  await Promise.all(servers.map((server) => server.restart()));
  const back_at = Date.now();
  await until(async () => (await get(limpet.url)).status === 200);
  t.diagnostic(`service was back after ${Date.now() - back_at} ms`);
  assert.ok(Date.now() - back_at < 2000, `it took ${Date.now() - back_at} ms`);
});

scenario("a backend that is too busy for its probes loses none of its sessions", async (stage) => {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const settings = { ...health, probe: "websocket", close_after: "5s" };
  const limpet = await stage.start_limpet({ backends: servers, health: settings });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  const clients = await talk(stage, limpet, 10);
  const blocking = await stage.open_websocket(`ws://${servers[0].host}:${servers[0].port}`);
  for (let i = 0; i < 4; ++i) {
    blocking.send("!block 3000");
    await limpet.admin.until_health("w1", "down");
    await blocking.message();
  }
  await limpet.admin.until_health("w1", "up");
  await expect_unharmed(clients);
});

// A backend that takes every handshake and answers none.
const silent_backend = (stage) => stage.script_backend((connection) => connection.read_head(), { name: "silent" });

scenario("a backend that does not answer handshakes costs new clients little, and soon has none", async (stage, t) => {
  const silent = await silent_backend(stage);
  const well = await stage.start_server("websocket", "well");
  const passive = { failures: 5, window: "10s", eject: "30s" };
  const limpet = await stage.start_limpet({ backends: [silent, well], health: { probe: "tcp", passive } });
  const took = [];
  // Whoever is told to wait holds no place at the silent one: it is the least loaded for every newcomer.
  for (let i = 0; (await limpet.admin.backend("silent")).health !== "down"; ++i) {
    assert.ok(i < 40, "it is never ejected");
    const began = Date.now();
    const client = await stage.open_websocket(limpet.ws_url);
    assert.equal(client.backend, "well");
    took.push(Date.now() - began);
  }
  t.diagnostic(`handshakes took ${took} ms`);
  assert.ok(Math.max(...took) < 4000);
  const { ejected_until, last_probe } = await limpet.admin.backend("silent");
  assert.ok(Date.parse(ejected_until) > Date.now());
  assert.equal(last_probe.ok, true);
  const [line] = limpet.events("health").filter((event) => event.backend === "silent" && event.to === "down");
  assert.match(line.detail, /^[5-9] failures of traffic in 10s$/);
  const before = silent.connections.length;
  for (let i = 0; i < 10; ++i) await stage.open_websocket(limpet.ws_url);
  assert.equal((await limpet.admin.backend("silent")).sessions, 0);
  assert.ok(silent.connections.length - before < 200);
});

scenario("an ejected backend is on trial when its time is over, and serves when it is well", async (stage) => {
  let is_well = false;
  const moody = await stage.serve_http((asked, answer) => (is_well ? answer.end("moody") : asked.socket.resetAndDestroy()), { name: "moody" });
  const well = await stage.serve_http((_, answer) => answer.end("well"), { name: "well" });
  const passive = { failures: 3, window: "1s", eject: "1s" };
  const limpet = await stage.start_limpet({ backends: [moody, well], health: { probe: "none", passive } });
  await until(async () => {
    assert.equal((await get(limpet.url)).body.toString(), "well");
    return (await limpet.admin.backend("moody")).health === "down";
  });
  is_well = true;
  await until(async () => (await get(limpet.url)).body.toString() === "moody");
  assert.equal((await limpet.admin.backend("moody")).health, "unknown");
  assert.equal((await limpet.admin.backend("moody")).ejected_until, null);
});

scenario("a storm of resets from one backend touches nobody on the others", async (stage) => {
  const storming = await stage.script_backend(
    async (connection) => {
      await connection.read_head();
      connection.reset();
    },
    { name: "storming" },
  );
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: [storming, ...servers], health: { probe: "none" } });
  const clients = await talk(stage, limpet, 20);
  for (let round = 0; round < 10; ++round) {
    await Promise.all(Array.from({ length: 20 }, async () => (await stage.open_websocket(limpet.ws_url)).terminate()));
  }
  await expect_unharmed(clients);
  assert.equal((await limpet.admin.backend("storming")).health, "down");
});
