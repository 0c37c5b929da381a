// A message for everybody, whatever node of limpet they came through: said to one node, or straight to the Redis.
import assert from "node:assert/strict";
import { Redis, no_redis, state_of, until_shared } from "./support/redis.mjs";
import { call } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const skip = { skip: no_redis };
const kEach = 20; // clients of a node

// Three nodes, each with clients of its own.
async function crowd(stage, { publish = [true, true, true] } = {}) {
  const redis = await Redis.start(stage);
  const servers = await stage.start_servers("websocket", "a", "b");
  const start = (enabled) =>
    stage.start_limpet({ backends: servers, health: { probe: "none" }, publish: { enabled }, state: state_of(redis) });
  const limpets = await Promise.all(publish.map(start));
  await Promise.all(limpets.map((limpet) => until_shared(limpet)));
  const clients = [];
  for (const limpet of limpets) {
    for (let i = 0; i < kEach; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  }
  return { redis, limpets, clients };
}
const say = (limpet, body, options) => call(limpet, "POST", "/v1/publish", body, options);

// Each of them has got exactly these, and nothing since: an echo of its own comes right behind.
async function expect_texts(clients, ...texts) {
  for (const client of clients) {
    for (const text of texts) assert.equal((await client.message()).text, text);
    assert.equal(await client.echo("and now?"), "and now?");
  }
}

scenario("what is said to one node reaches the clients of all, once each, and the counts are added up", async (stage) => {
  const { limpets, clients } = await crowd(stage);
  assert.deepEqual(await say(limpets[1], { text: "hello" }), { matched: 60, sent: 60, queued: 0, dropped: 0, nodes: 3 });
  await expect_texts(clients, "hello");
  const to_a = await say(limpets[0], { text: "for a", backend: "a" });
  assert.equal(to_a.nodes, 3);
  const on_a = clients.filter(({ backend }) => backend === "a");
  assert.equal(to_a.matched, on_a.length);
  await expect_texts(on_a, "for a");
  await expect_texts(clients.filter(({ backend }) => backend !== "a"));
}, skip);

scenario("any server publishes straight to the channel", async (stage) => {
  const { redis, clients } = await crowd(stage);
  assert.match(await redis.ask("PUBLISH", "{limpet}:publish", JSON.stringify({ text: "from outside" })), /^:3$/);
  for (const nonsense of ["", "[]", "{", '{"text":1}', '{"text":"x","to":"y"}', '{"text":"x","base64":"eA=="}', "\xff\xfe"]) {
    await redis.ask("PUBLISH", "{limpet}:publish", nonsense);
  }
  await redis.ask("PUBLISH", "{limpet}:published", '{"node":"0123456789abcdef","number":1,"matched":9}');
  await redis.ask("PUBLISH", "{limpet}:publish", JSON.stringify({ base64: Buffer.from("bytes").toString("base64") }));
  for (const client of clients) {
    assert.equal((await client.message()).text, "from outside");
    assert.equal((await client.message()).data.toString(), "bytes");
  }
  await expect_texts(clients);
}, skip);

scenario("a node that does not publish is counted with nobody, and one that does not know a backend too", async (stage) => {
  const { limpets, clients } = await crowd(stage, { publish: [true, false, true] });
  assert.deepEqual(await say(limpets[0], { text: "hello" }), { matched: 40, sent: 40, queued: 0, dropped: 0, nodes: 3 });
  await expect_texts(clients.slice(0, kEach), "hello");
  await expect_texts(clients.slice(kEach, 2 * kEach));
  await expect_texts(clients.slice(2 * kEach), "hello");
  await say(limpets[1], { text: "no" }, { status: 403 });
  await say(limpets[0], { text: "no", backend: "z" }, { status: 404 });
  await expect_texts(clients);
}, skip);

scenario("while the Redis is away a message reaches the clients of its own node", async (stage) => {
  const { limpets, clients, redis } = await crowd(stage);
  await redis.kill();
  await Promise.all(limpets.map((limpet) => until_shared(limpet, "down")));
  assert.deepEqual(await say(limpets[0], { text: "alone" }), { matched: 20, sent: 20, queued: 0, dropped: 0, nodes: 1 });
  await expect_texts(clients.slice(0, kEach), "alone");
  await expect_texts(clients.slice(kEach));
  await redis.run();
  await Promise.all(limpets.map((limpet) => until_shared(limpet)));
  assert.equal((await say(limpets[2], { text: "again" })).matched, 60);
}, skip);

scenario("a node that hangs is not waited for without end", async (stage) => {
  const { limpets } = await crowd(stage);
  limpets[2].freeze();
  const answer = await say(limpets[0], { text: "hello" });
  limpets[2].thaw();
  assert.deepEqual(answer, { matched: 40, sent: 40, queued: 0, dropped: 0, nodes: 2 });
  await until(async () => (await say(limpets[0], { text: "again" })).nodes === 3);
}, skip);
