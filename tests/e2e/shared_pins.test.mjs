// Several nodes of limpet on one Redis: one client has one backend, whichever node it comes through, and the Redis is never
// in the way.
import assert from "node:assert/strict";
import { get } from "./support/http_client.mjs";
import { Redis, no_redis, state_of, until_shared } from "./support/redis.mjs";
import { call } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { dice } from "./support/traffic_script.mjs";
import { until } from "./support/until.mjs";

const kNames = ["a", "b", "c"];
const skip = { skip: no_redis };

// Nodes before the same three backends; a client is known by what it says in X-User.
async function cluster(stage, { nodes = 3, settings = {}, redis } = {}) {
  const backends = await Promise.all(kNames.map((name) => stage.serve_http((_, answer) => answer.end(name), { name })));
  const store = redis ?? (await Redis.start(stage));
  const start = () =>
    stage.start_limpet({ backends, affinity: { by: "header:X-User" }, health: { probe: "none" }, state: state_of(store), ...settings });
  const limpets = await Promise.all(Array.from({ length: nodes }, start));
  if (!redis) await Promise.all(limpets.map((limpet) => until_shared(limpet)));
  return { backends, redis: store, limpets, start };
}
const visit = async (limpet, user) => {
  const answer = await get(limpet.url, { headers: { "X-User": user } });
  assert.equal(answer.status, 200);
  return answer.body.toString();
};
const facts = async (limpet) => (await limpet.admin.json("/v1/status")).shared_state;
const users = (count, from = 0) => Array.from({ length: count }, (_, i) => `user${from + i}`);

scenario("a thousand clients that come through three nodes at once have one backend each", async (stage) => {
  const { limpets } = await cluster(stage);
  const reached = new Map();
  // Two hundred at a time: the backends live in this process, too.
  for (let first = 0; first < 1000; first += 200) {
    await Promise.all(
      users(200, first).flatMap((user) =>
        limpets.map(async (limpet) => {
          const backend = await visit(limpet, user);
          reached.set(user, (reached.get(user) ?? new Set()).add(backend));
        }),
      ),
    );
  }
  assert.equal(reached.size, 1000);
  const torn = [...reached.values()].filter((backends) => backends.size > 1);
  assert.equal(torn.length, 0);
  const told = await Promise.all(limpets.map(facts));
  assert.equal(told.reduce((sum, { failed }) => sum + failed, 0), 0);
  assert.ok(told.some(({ followed }) => followed > 0), "nobody was first on another node: nothing was raced for");
}, skip);

scenario("an operator's word on one node is heard on all, and so is that it is taken back", async (stage) => {
  const { limpets } = await cluster(stage, { nodes: 2 });
  const [one, two] = limpets;
  const before = await visit(one, "ann");
  assert.equal(await visit(two, "ann"), before);
  const other = kNames.find((name) => name !== before);
  await call(two, "PUT", "/v1/affinity/ann", { backend: other });
  await until(async () => (await one.admin.json("/v1/affinity/ann")).backend === other);
  assert.equal(await visit(one, "ann"), other);
  assert.equal((await one.admin.json("/v1/affinity/ann")).reason, "moved");
  await call(one, "DELETE", "/v1/affinity/ann");
  await until(async () => (await two.admin.answer("/v1/affinity/ann")).status === 404);
}, skip);

scenario("when a backend dies all nodes send each of its clients to the same other one", async (stage) => {
  const { limpets, backends } = await cluster(stage);
  const everybody = users(90);
  for (const user of everybody) for (const limpet of limpets) await visit(limpet, user);
  await backends[0].stop();
  const reached = await Promise.all(everybody.map(async (user) => new Set(await Promise.all(limpets.map((limpet) => visit(limpet, user))))));
  assert.deepEqual(reached.filter((found) => found.size !== 1), []);
  assert.ok(reached.every((found) => !found.has("a")));
}, skip);

scenario("a node that is killed leaves its clients to the others, where they keep their backend", async (stage) => {
  const { limpets } = await cluster(stage, { nodes: 2 });
  const [one, two] = limpets;
  const before = new Map();
  for (const user of users(60)) before.set(user, await visit(one, user));
  await one.kill();
  for (const [user, backend] of before) assert.equal(await visit(two, user), backend);
}, skip);

for (const [what, stop, start] of [
  ["that is killed", (redis) => redis.kill(), (redis) => redis.run()],
  ["that hangs", (redis) => redis.freeze(), (redis) => redis.thaw()],
]) {
  scenario(`a Redis ${what} costs nobody the service, and when it is back all nodes agree again`, async (stage) => {
    const { limpets, redis } = await cluster(stage, { nodes: 2 });
    const [one, two] = limpets;
    const known = await visit(one, "known");
    await stop(redis);
    const began = Date.now();
    assert.equal(await visit(one, "known"), known);
    for (const user of users(20)) await visit(one, user);
    await Promise.all(limpets.map((limpet) => until_shared(limpet, "down")));
    for (const user of users(20, 20)) await visit(one, user);
    assert.ok(Date.now() - began < 20_000, "each client waited");
    await start(redis);
    await Promise.all(limpets.map((limpet) => until_shared(limpet)));
    // What was decided alone is made known by the node that has it.
    await until(async () => (await redis.ask("GET", "{limpet}:pin:header:default:user39")) !== "$-1");
    for (const user of [...users(40), "known"]) assert.equal(await visit(two, user), await visit(one, user), user);
  }, skip);
}

scenario("values under our keys that are none are replaced, whatever their type", async (stage) => {
  const { limpets, redis } = await cluster(stage, { nodes: 2 });
  const hostile = ["", "9|x", "1|hash|0|", "1|hash|7|a", "\x00\xff".repeat(1000), "1|balance|0|nobody"];
  for (const [i, value] of hostile.entries()) await redis.ask("SET", `{limpet}:pin:header:default:user${i}`, value);
  await redis.ask("RPUSH", "{limpet}:pin:header:default:list", "x");
  for (const user of [...users(hostile.length), "list"]) {
    const backend = await visit(limpets[0], user);
    assert.equal(await visit(limpets[1], user), backend, user);
    assert.match(await redis.ask("GET", `{limpet}:pin:header:default:${user}`), new RegExp(`^1\\|[a-z]+\\|0\\|${backend}$`));
  }
  await redis.ask("PUBLISH", "{limpet}:pins", "1|set|header|default|nonsense");
  await until(async () => (await facts(limpets[0])).garbage === 1);
}, skip);

scenario("a Redis that takes no writes is told of and harms nobody", async (stage) => {
  const { limpets: [limpet], redis } = await cluster(stage, { nodes: 1 });
  await redis.ask("CONFIG", "SET", "maxmemory", "1");
  const alone = await visit(limpet, "ann");
  assert.equal(await visit(limpet, "ann"), alone);
  assert.ok((await facts(limpet)).failed > 0);
  await redis.ask("CONFIG", "SET", "maxmemory", "0");
  await redis.ask("REPLICAOF", "127.0.0.1", "1");
  await visit(limpet, "bob");
  await redis.ask("REPLICAOF", "NO", "ONE");
  await until_shared(limpet);
  await until(async () => (await visit(limpet, "cat")) && (await redis.ask("GET", "{limpet}:pin:header:default:cat")) !== "$-1");
}, skip);

scenario("a password is needed where there is one, and a wrong one is told", async (stage) => {
  const redis = await Redis.start(stage, ["--requirepass", "open sesame"]);
  const right = { ...redis, url: redis.url.replace("//", "//:open%20sesame@") };
  const { limpets: [limpet] } = await cluster(stage, { nodes: 1, redis: right });
  await until_shared(limpet);
  const wrong = { ...redis, url: redis.url.replace("//", "//:wrong@") };
  const { limpets: [locked_out] } = await cluster(stage, { nodes: 1, redis: wrong });
  await until_shared(locked_out, "down", "auth");
  await visit(locked_out, "ann");
  assert.ok(!locked_out.lines.join("\n").includes("wrong"), "the password is in the log");
}, skip);

scenario("who is no Redis at all harms nobody", async (stage) => {
  for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", "*1000000000\r\n", "$-7\r\n", "\x00".repeat(100_000), ""]) {
    const nobody = await stage.script_backend(async (connection) => {
      await connection.read(1);
      connection.send(answer);
    });
    const { limpets: [limpet] } = await cluster(stage, { nodes: 1, redis: { url: `redis://${nobody.address}` } });
    await visit(limpet, "ann");
    await until_shared(limpet, "down");
    await visit(limpet, "ann");
  }
}, skip);

scenario("live pins are refreshed, and those that nobody uses expire", async (stage) => {
  const { limpets: [limpet], redis } = await cluster(stage, { nodes: 1, settings: { affinity: { by: "header:X-User", ttl: "2s" } } });
  await visit(limpet, "gone");
  const exists = async (user) => (await redis.ask("EXISTS", `{limpet}:pin:header:default:${user}`)) === ":1";
  assert.equal(await exists("gone"), true);
  await until(async () => {
    await visit(limpet, "here");
    return !(await exists("gone"));
  });
  assert.equal(await exists("here"), true);
}, skip);

scenario("a backend that is full of other nodes' sessions takes no more than its share, and is free again when they die", async (stage) => {
  const redis = await Redis.start(stage);
  const servers = await stage.start_servers("websocket", ...kNames);
  const start = () =>
    stage.start_limpet({ backends: servers, affinity: { by: "header:X-User" }, health: { probe: "none" }, state: state_of(redis) });
  const [one, two, three] = [await start(), await start(), await start()];
  await Promise.all([one, two, three].map((limpet) => until_shared(limpet)));
  const open = (limpet, user) => stage.open_websocket(limpet.ws_url, { headers: { "X-User": user } });
  for (const user of users(60)) {
    await call(one, "PUT", `/v1/affinity/${user}?kind=header`, { backend: "a" });
    await open(one, user);
  }
  const elsewhere = async (limpet) => (await limpet.admin.backend("a")).elsewhere;
  await until(async () => (await elsewhere(two)) === 60 && (await elsewhere(three)) === 60);
  const counts = { a: 0, b: 0, c: 0 };
  for (const [i, user] of users(60, 60).entries()) counts[(await open(i % 2 ? two : three, user)).backend] += 1;
  assert.equal(counts.a, 0, JSON.stringify(counts));
  assert.ok(Math.abs(counts.b - counts.c) <= 6, JSON.stringify(counts));
  await one.kill();
  await until(async () => (await elsewhere(two)) === 0 && (await elsewhere(three)) === 0);
  assert.equal((await open(two, "late")).backend, "a");
}, skip);

scenario("least_sessions holds over three nodes while clients come and go, eight at a time", async (stage, t) => {
  const redis = await Redis.start(stage);
  const servers = await stage.start_servers("websocket", ...kNames);
  const start = () =>
    stage.start_limpet({ backends: servers, affinity: { by: "header:X-User" }, health: { probe: "none" }, state: state_of(redis) });
  const limpets = [await start(), await start(), await start()];
  await Promise.all(limpets.map((limpet) => until_shared(limpet)));
  const throw_dice = dice(7, 1);
  const any = (list) => list[Math.floor(throw_dice() * list.length)];
  // Each client is new, so that nobody returns to its pin; through one node come most of them.
  let came = 0;
  const open = () => stage.open_websocket(any([...limpets, limpets[0], limpets[0]]).ws_url, { headers: { "X-User": `u${came++}` } });
  const live = [];
  while (live.length < 300) live.push(...(await Promise.all(users(8).map(open))));
  let worst = 0;
  for (let round = 0; round < 40; ++round) {
    const leaving = Array.from({ length: 8 }, () => live.splice(Math.floor(throw_dice() * live.length), 1)[0]);
    await Promise.all([...leaving.map((client) => client.end()), ...leaving.map(async () => live.push(await open()))]);
    const counts = kNames.map((name) => live.filter(({ backend }) => backend === name).length);
    worst = Math.max(worst, Math.max(...counts) / (live.length / kNames.length));
  }
  t.diagnostic(`the fullest backend had at the most ${worst.toFixed(3)} of the mean`);
  // 1.06 to 1.08 where the nodes are not kept from hearing of each other; without that it would be above 1.3.
  assert.ok(worst <= 1.15, `${worst}`);
}, skip);
