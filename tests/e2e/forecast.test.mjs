// What would happen with other backends, held against what happens.
import assert from "node:assert/strict";
import { get } from "./support/http_client.mjs";
import { limpet_command } from "./support/limpet.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kUsers = Array.from({ length: 60 }, (_, i) => `user-${i}`);

async function pool_of(stage, names, affinity) {
  const servers = await stage.start_servers("websocket", ...names);
  const limpet = await stage.start_limpet({
    backends: servers,
    affinity: { by: "header:X-User", ...affinity },
    drain: { rate: "0/s" },
  });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  const open = (user) => stage.open_websocket(limpet.ws_url, { headers: { "X-User": user } });
  const run = async (...words) => {
    const told = await limpet_command(...words, "--admin", limpet.admin.url);
    assert.equal(told.code, 0, `${words.join(" ")}: ${told.stderr}`);
    return told.stdout;
  };
  const all = async () => new Map(await Promise.all(kUsers.map(async (user) => [user, await open(user)])));
  return { servers, limpet, admin: limpet.admin, open, run, all };
}

// "w2 -> w1" and how many.
function tally(moves) {
  const counts = {};
  for (const { from, to, keys = 1 } of moves) counts[`${from} -> ${to}`] = (counts[`${from} -> ${to}`] ?? 0) + keys;
  return counts;
}

scenario("a backend that is taken out sends its clients where the forecast said", async (stage) => {
  const { run, open, all } = await pool_of(stage, ["w1", "w2", "w3"], { balance: "hash", load_factor: 0 });
  const clients = await all();
  const forecast = JSON.parse(await run("affinity", "explain", "--without", "w2", "--json"));
  assert.deepEqual([forecast.pool, forecast.without, forecast.keys, forecast.sessions], ["default", "w2", 60, 60]);
  assert.ok(forecast.moves.every(({ when }) => when === "at_once"));
  assert.match(await run("affinity", "explain", "--without", "w2"), /of 60 keys with 60 live sessions, \d+ keys would move at once\n/);

  await run("remove", "w2");
  const moves = [];
  for (const [user, client] of clients) {
    if (client.backend !== "w2") continue;
    await client.ended();
    moves.push({ from: "w2", to: (await open(user)).backend });
  }
  assert.ok(moves.length > 5);
  assert.deepEqual(tally(moves), tally(forecast.moves));
});

scenario("where loads decide, the forecast is right but for a few", async (stage) => {
  const { run, open, all } = await pool_of(stage, ["w1", "w2", "w3"], { balance: "least_sessions" });
  const clients = await all();
  const { moves: told } = JSON.parse(await run("affinity", "explain", "--without", "w2", "--json"));
  await run("remove", "w2");
  const moves = [];
  for (const [user, client] of clients) {
    if (client.backend !== "w2") continue;
    await client.ended();
    moves.push({ from: "w2", to: (await open(user)).backend });
  }
  const happened = tally(moves);
  for (const [way, count] of Object.entries(tally(told))) assert.ok(Math.abs(count - happened[way]) <= 2, `${way}: ${count}, ${happened[way]}`);
});

scenario("a newcomer takes over whom the forecast said, once their pins have gone", async (stage) => {
  const { run, limpet, admin } = await pool_of(stage, ["w1", "w2"], { balance: "hash", load_factor: 0 });
  const where = async (user) => (await get(limpet.url, { headers: { "X-User": user } }), (await admin.json(`/v1/affinity/${user}`)).backend);
  const before = new Map();
  for (const user of kUsers) before.set(user, await where(user));
  const forecast = JSON.parse(await run("affinity", "explain", "--with", "w3=2", "--json"));
  assert.deepEqual([forecast.with, forecast.weight, forecast.keys], ["w3", 2, 60]);
  assert.ok(forecast.moves.every(({ to, when }) => to === "w3" && when === "in_time"));

  const newcomer = await stage.start_server("websocket", "w3");
  await run("add", newcomer.as_backend().address, "--name", "w3", "--weight", "2");
  await admin.until_health("w3", "up");
  for (const user of kUsers) assert.equal(await where(user), before.get(user), "pins hold");
  const moves = [];
  for (const user of kUsers) {
    await run("affinity", user, "--forget");
    const to = await where(user);
    if (to !== before.get(user)) moves.push({ from: before.get(user), to });
  }
  assert.ok(moves.length > 5);
  assert.deepEqual(tally(moves), tally(forecast.moves));
});

scenario("explain tells every step in words and as JSON", async (stage) => {
  const { run, open, limpet } = await pool_of(stage, ["w1", "w2"], {});
  const client = await open("alice");
  const words = await run("affinity", "explain", "--header", "alice");
  assert.match(words, /^the client with the key alice \(header\), in pool default:\n/);
  assert.match(words, new RegExp(`the pin in the table +${client.backend} +it is taken\nit would go to ${client.backend}: `));
  const json = JSON.parse(await run("affinity", "explain", "--header", "alice", "--json"));
  assert.equal(json.backend, client.backend);
  // The pin of a client who calls itself that.
  await open("explain");
  const pin = await limpet_command("affinity", "--admin", limpet.admin.url, "--", "explain");
  assert.equal(pin.code, 0, pin.stderr);
  assert.match(pin.stdout, /^explain /m);
  const refused = async (...args) => {
    const told = await limpet_command("affinity", "explain", ...args, "--admin", limpet.admin.url);
    assert.equal(told.code, 1, args.join(" "));
    return told.stderr;
  };
  assert.match(await refused(), /say who the client is/);
  assert.match(await refused("--without", "w9"), /no backend/i);
  assert.match(await refused("--with", "w1"), /has a backend "w1" already/);
  assert.match(await refused("--with", "w3=0"), /weight/);
  assert.match(await refused("--without", "w1", "--header", "alice"), /about all clients/);
});

scenario("a client that forecasts again and again disturbs nobody", async (stage) => {
  const { admin, open } = await pool_of(stage, ["w1", "w2"], {});
  const client = await open("alice");
  const asking = Promise.all(Array.from({ length: 20 }, () => admin.json("/v1/affinity/explain?without=w1")));
  for (let i = 0; i < 20; ++i) assert.equal(await client.echo(`message ${i}`), `message ${i}`);
  assert.ok((await asking).every(({ keys }) => keys === 1));
  await until(async () => (await admin.json("/v1/status")).sessions === 1);
});
