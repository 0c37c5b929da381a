// What makes a client itself again: each rule of affinity, and what happens when its backend is gone.
import assert from "node:assert/strict";
import { cookie_of, get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNames = ["w1", "w2", "w3"];
const times = (count, make) => Array.from({ length: count }, (_, i) => make(i));

async function three_backends(stage, affinity, settings = {}) {
  const servers = await stage.start_servers("websocket", ...kNames);
  const limpet = await stage.start_limpet({ backends: servers, affinity, ...settings });
  for (const name of kNames) await limpet.admin.until_health(name, "up");
  const reach = async (path = "/", options = {}) => (await get(limpet.url + path, options)).headers["x-backend"];
  return { servers, limpet, reach };
}

// `visit(client)` answers the backend that client number so-and-so reaches.
async function expect_sticky_and_spread(visit) {
  const count = 40; // equals are chosen from at random: so many that none is left out by chance
  const first = [];
  for (let i = 0; i < count; ++i) first.push(await visit(i));
  assert.deepEqual([...new Set(first)].sort(), kNames, "clients are spread over all backends");
  for (let round = 0; round < 3; ++round) {
    for (let i = 0; i < count; ++i) assert.equal(await visit(i), first[i], `client ${i}`);
  }
}

const kRules = {
  "header:X-User": { visit: (reach) => (i) => reach("/", { headers: { "x-user": `u${i}` } }) },
  "query:room": { visit: (reach) => (i) => reach(`/chat?a=1&room=r${i}&b=2`) },
  "path:2": { visit: (reach) => (i) => reach(`/rooms/r${i}/${Math.random()}`) },
  client_ip: { visit: (reach) => (i) => reach("/", { from: `127.0.0.${i + 2}` }) },
};

for (const [by, { visit }] of Object.entries(kRules)) {
  for (const balance of ["least_sessions", "hash"]) {
    scenario(`by ${by} with ${balance} a client keeps its backend`, async (stage) => {
      const { reach } = await three_backends(stage, { by, balance });
      await expect_sticky_and_spread(visit(reach));
    });
  }
}

scenario("by none requests are spread, whoever asks", async (stage) => {
  const { limpet, reach } = await three_backends(stage, { by: "none" });
  const reached = new Set();
  for (let i = 0; i < 30; ++i) reached.add(await reach());
  assert.deepEqual([...reached].sort(), kNames);
  assert.equal(cookie_of(await get(limpet.url)), undefined);
  assert.equal((await limpet.admin.affinity()).length, 0);
});

scenario("where the header is absent the client's address decides, if that is the fallback", async (stage) => {
  const { reach } = await three_backends(stage, { by: "header:X-User", fallback: "client_ip" });
  await expect_sticky_and_spread((i) => reach("/", { from: `127.0.0.${i + 2}` }));
});

scenario("a client without a cookie is kept by its address, if that is the fallback", async (stage) => {
  const { limpet, reach } = await three_backends(stage, { fallback: "client_ip" });
  await expect_sticky_and_spread((i) => reach("/", { from: `127.0.0.${i + 2}` }));
  const answer = await get(limpet.url, { from: "127.0.0.60" });
  const cookie = cookie_of(answer);
  assert.ok(cookie, "who takes cookies is known by them from then on");
  const elsewhere = await reach("/", { from: "127.0.0.61", headers: { Cookie: cookie } });
  assert.equal(elsewhere, answer.headers["x-backend"]);
});

scenario("the same hash is the same choice on another node, whatever the order in the file", async (stage) => {
  const { servers, reach } = await three_backends(stage, { by: "header:X-User", balance: "hash", load_factor: 0 });
  const other = await stage.start_limpet({
    backends: [...servers].reverse(),
    affinity: { by: "header:X-User", balance: "hash", load_factor: 0 },
  });
  for (let i = 0; i < 40; ++i) {
    const headers = { "X-User": `user-${i}` };
    assert.equal((await get(other.url, { headers })).headers["x-backend"], await reach("/", { headers }));
  }
});

scenario("when a backend is gone only its clients move, and they stay where they went", async (stage) => {
  const { servers, limpet, reach } = await three_backends(stage, { by: "header:X-User" });
  const visit = (i) => reach("/", { headers: { "X-User": `u${i}` } });
  const first = [];
  for (let i = 0; i < 30; ++i) first.push(await visit(i));
  await servers[0].kill();
  const second = [];
  for (let i = 0; i < 30; ++i) {
    second.push(await visit(i));
    if (first[i] === "w1") assert.notEqual(second[i], "w1");
    else assert.equal(second[i], first[i]);
  }
  const moved = await limpet.admin.json(`/v1/affinity/u${first.indexOf("w1")}`);
  assert.equal(moved.reason, "failover");
  await servers[0].restart();
  await limpet.admin.until_health("w1", "up");
  for (let i = 0; i < 30; ++i) assert.equal(await visit(i), second[i]);
});

scenario("strict affinity answers 503 rather than move a client, and serves it when its backend returns", async (stage) => {
  const kClients = 30;
  const { servers, limpet } = await three_backends(stage, { by: "header:X-User", strict: true });
  const ask = (i) => get(limpet.url, { headers: { "X-User": `u${i}` } });
  const first = [];
  for (let i = 0; i < kClients; ++i) first.push((await ask(i)).headers["x-backend"]);
  await servers[0].kill();
  await limpet.admin.until_health("w1", "down");
  for (let i = 0; i < kClients; ++i) {
    const answer = await ask(i);
    assert.equal(answer.status, first[i] === "w1" ? 503 : 200);
    if (answer.status === 503) {
      assert.equal(answer.headers["limpet-reason"], "no_backend");
      assert.ok(Number(answer.headers["retry-after"]) >= 1);
    }
  }
  assert.equal((await ask("new")).status, 200, "a client without a pin goes elsewhere");
  await servers[0].restart();
  await limpet.admin.until_health("w1", "up");
  for (let i = 0; i < kClients; ++i) assert.equal((await ask(i)).headers["x-backend"], first[i]);
});

scenario("no backend takes more than its bounded share of live clients", async (stage) => {
  const { limpet } = await three_backends(stage, { by: "header:X-User", balance: "hash", load_factor: 1.25 });
  const clients = [];
  for (let i = 0; i < 60; ++i) clients.push(await stage.open_websocket(limpet.ws_url, { headers: { "X-User": `u${i}` } }));
  for (const name of kNames) {
    const count = clients.filter(({ backend }) => backend === name).length;
    assert.ok(count <= Math.ceil((1.25 * 61) / 3), `${name} has ${count} of 60`);
  }
});

scenario("weights share out live clients", async (stage) => {
  const servers = await stage.start_servers("websocket", "light", "heavy");
  const backends = servers.map((server) => ({ ...server.as_backend(), weight: server.name === "heavy" ? 3 : 1 }));
  const limpet = await stage.start_limpet({ backends });
  const clients = [];
  for (let i = 0; i < 40; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  const heavy = clients.filter(({ backend }) => backend === "heavy").length;
  assert.ok(heavy >= 28 && heavy <= 32, `heavy has ${heavy} of 40`);
});

scenario("a backend that is full takes no more, and the rest go elsewhere or are told to wait", async (stage) => {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const backends = servers.map((server) => ({ ...server.as_backend(), max_sessions: 2 }));
  const limpet = await stage.start_limpet({ backends, affinity: { load_factor: 0 } });
  const clients = [];
  for (let i = 0; i < 4; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  assert.deepEqual(clients.map(({ backend }) => backend).sort(), ["w1", "w1", "w2", "w2"]);
  const refused = await get(limpet.url);
  assert.equal(refused.status, 503);
  assert.ok(refused.headers["retry-after"]);
});

scenario("the first requests of a client, all at the same moment, reach one backend", async (stage) => {
  const { reach } = await three_backends(stage, { by: "header:X-User" });
  for (let round = 0; round < 20; ++round) {
    const headers = { "X-User": `u${round}` };
    const reached = await Promise.all(times(12, () => reach("/", { headers })));
    assert.deepEqual([...new Set(reached)].length, 1, `round ${round}: ${reached}`);
  }
});

scenario("clients of one network share a key when the prefix says so", async (stage) => {
  const { limpet, reach } = await three_backends(stage, { by: "client_ip", ipv4_prefix: 24 });
  const reached = new Set();
  for (let i = 2; i < 12; ++i) reached.add(await reach("/", { from: `127.0.0.${i}` }));
  assert.equal(reached.size, 1);
  assert.deepEqual((await limpet.admin.affinity()).map(({ kind }) => kind), ["client_ip"]);
});

scenario("behind a trusted proxy the client's address is the rightmost that is not trusted", async (stage) => {
  const { limpet } = await three_backends(stage, { by: "client_ip" }, { trusted_proxies: ["127.0.0.1/32", "10.0.0.0/8"] });
  const key_of = async (forwarded, from) => {
    await get(limpet.url, { from, headers: { "X-Forwarded-For": forwarded } });
    const entries = await limpet.admin.affinity();
    entries.sort((a, b) => Date.parse(b.last_seen) - Date.parse(a.last_seen));
    return entries.map(({ key }) => key);
  };
  assert.ok((await key_of("192.0.2.1", "127.0.0.1")).includes("192.0.2.1"));
  assert.ok((await key_of("192.0.2.9, 192.0.2.2, 10.0.0.7", "127.0.0.1")).includes("192.0.2.2"));
  assert.ok((await key_of("::ffff:192.0.2.3", "127.0.0.1")).includes("192.0.2.3"), "mapped equals plain");
  const untrusted = await key_of("192.0.2.4", "127.0.0.5");
  assert.ok(untrusted.includes("127.0.0.5") && !untrusted.includes("192.0.2.4"));
  assert.ok(!untrusted.includes("192.0.2.9"));
});

scenario("an expired pin is gone", async (stage) => {
  const { limpet, reach } = await three_backends(stage, { by: "client_ip", ttl: "1s" });
  await reach();
  assert.equal((await limpet.admin.json("/v1/affinity")).total, 1);
  await until(async () => (await limpet.admin.json("/v1/affinity")).total === 0);
});
