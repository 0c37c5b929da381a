// The real stack: Socket.IO on three nodes that hear of each other through Redis, behind two limpets that share their pins there.
import assert from "node:assert/strict";
import { join } from "node:path";
import { Redis, no_redis, state_of, until_shared } from "./support/redis.mjs";
import { RoomClient } from "./support/room_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { fetch_cookie } from "./support/socketio_client.mjs";
import { until } from "./support/until.mjs";

const kNodes = ["n1", "n2", "n3"];
const skip = { skip: no_redis };
const kWebSocketOnly = { transports: ["websocket"] };

async function real_stack(stage, adapter, by = "cookie") {
  const redis = await Redis.start(stage);
  const nodes = await Promise.all(kNodes.map((name) => stage.start_server("socketio", name, { more: [adapter, redis.url] })));
  const secret_file = join(stage.folder(), "cookie.key");
  const start = () => stage.start_limpet({ backends: nodes, affinity: { by, cookie: { secret_file } }, state: state_of(redis) });
  const limpets = [await start(), await start()]; // the first makes the key
  for (const limpet of limpets) {
    await until_shared(limpet);
    for (const name of kNodes) await limpet.admin.until_health(name, "up");
  }
  // One after the other, so that each limpet spreads its strangers evenly.
  const connect = async (through, options) => {
    const client = stage.add(new RoomClient(through, { cookie: await fetch_cookie(through[0]), ...options }));
    await client.connected();
    client.node = await client.whoami();
    return client;
  };
  const sum = async (what) => (await Promise.all(nodes.map((node) => node.stats()))).reduce((total, stats) => total + stats[what], 0);
  return { nodes, limpets, connect, sum };
}

const one_of_each_node = (clients) => kNodes.map((name) => clients.find(({ node }) => node === name));

// Nodes come to hear of each other only a moment after they have started: they talk until everybody has heard all of them.
async function until_all_hear(clients) {
  const speakers = one_of_each_node(clients);
  let round = 0;
  await until(
    async () => {
      round += 1;
      await Promise.all(speakers.map((client) => client.say(`${client.node} is there, ${round}`)));
      return clients.every(({ said }) => kNodes.every((name) => said.some((text) => text.startsWith(`${name} is there`))));
    },
    { what: "all nodes hear of each other" },
  );
  await until_quiet(clients, "begin");
  for (const client of clients) client.said = [];
}

// What a node says reaches everybody in order: who has heard the last word of each has heard all, also what came twice.
async function until_quiet(clients, word = "end") {
  const speakers = one_of_each_node(clients);
  await Promise.all(speakers.map((client) => client.say(`${word} ${client.node}`)));
  const last_words = kNodes.map((name) => `${word} ${name}`);
  await until(() => clients.every((client) => client.heard(...last_words)), { what: "everybody has heard the last words" });
  for (const client of clients) client.said = client.said.filter((text) => !last_words.includes(text));
}

// Those of one limpet, then those of the other; on each node some of either.
async function clients_everywhere(limpets, connect, options) {
  const clients = [];
  for (const limpet of limpets) {
    const its_own = [];
    for (let i = 0; i < 6; ++i) its_own.push(await connect([limpet], options));
    assert.deepEqual([...new Set(its_own.map(({ node }) => node))].sort(), kNodes);
    clients.push(...its_own);
  }
  return clients;
}

for (const adapter of ["redis", "streams"]) {
  scenario(`what is said to a room or to everybody reaches the clients of all nodes once (${adapter} adapter)`, async (stage) => {
    const { limpets, connect, sum } = await real_stack(stage, adapter);
    const clients = await clients_everywhere(limpets, connect);
    await until_all_hear(clients);
    const met = new Map();
    for (const client of clients) {
      met.set(client.node, (met.get(client.node) ?? 0) + 1);
      client.room = met.get(client.node) % 2 ? "odd" : "even";
      await client.join(client.room);
    }
    await Promise.all(
      clients.map(async (client, i) => {
        for (const room of ["odd", "even", undefined]) await client.say(`${i} to ${room ?? "all"}`, room);
      }),
    );
    await until_quiet(clients);
    for (const { said, room } of clients) {
      const expected = clients.flatMap((_, i) => [`${i} to all`, `${i} to ${room}`]);
      assert.deepEqual(said.sort(), expected.sort());
    }
    assert.equal(await sum("unknown_sids"), 0);
  }, skip);
}

// By the header it takes the Redis to know where a client has begun; a cookie says so itself.
for (const [adapter, by] of [["redis", "header:X-User"], ["streams", "cookie"]]) {
  scenario(`a client that only polls stays on its node, each request through another limpet (${adapter} adapter, by ${by})`, async (stage) => {
    const { limpets, connect, sum } = await real_stack(stage, adapter, by);
    const [one, two] = limpets;
    const polling = { transports: ["polling"], cookie: undefined };
    const clients = [];
    for (let i = 0; i < 9; ++i) {
      clients.push(await connect(i % 2 ? [one, two] : [two, one], { ...polling, extraHeaders: { "X-User": `user${i}` } }));
    }
    assert.deepEqual([...new Set(clients.map(({ node }) => node))].sort(), kNodes);
    await until_all_hear(clients);
    await Promise.all(clients.map((client) => client.join("pollers")));
    await Promise.all(
      clients.map(async (client, i) => {
        await client.send_numbers(10);
        await client.say(`${i}`, "pollers");
      }),
    );
    await until_quiet(clients);
    for (const { said, entrance, disconnects } of clients) {
      assert.deepEqual(said.sort(), clients.map((_, i) => `${i}`));
      assert.ok(entrance.used.every((count) => count > 10), `connections through each limpet: ${entrance.used}`);
      assert.deepEqual(disconnects, []);
    }
    assert.equal(await sum("unknown_sids"), 0);
    assert.equal(await sum("opened"), clients.length);
    assert.equal(await sum("gaps"), 0);
  }, skip);
}

// WebSocket clients of the first limpet in a room, which do not come back by themselves, and some of the second that stay.
async function members_and_others(limpets, connect) {
  const [one, two] = limpets;
  const members = [];
  for (let i = 0; i < 6; ++i) members.push(await connect([one, two], { ...kWebSocketOnly, reconnection: false }));
  const others = [];
  for (let i = 0; i < 6; ++i) others.push(await connect([two], kWebSocketOnly));
  await until_all_hear([...members, ...others]);
  for (const member of members) await member.join("members");
  // The last that a client has heard is where it goes on from.
  await others[0].say("before", "members");
  await until(() => members.every((member) => member.heard("before")));
  return { members, others };
}
const until_gone = (clients) => until(() => clients.every(({ socket }) => !socket.connected), { what: "they have lost their sessions" });

// What those who are away miss: said by `speaker`, in their room and to everybody.
async function talk(speaker) {
  for (const [text, room] of [["first", "members"], ["second", undefined], ["not for them", "others"], ["third", "members"]]) {
    await speaker.say(text, room);
  }
}
async function expect_resumed(clients, speaker) {
  await speaker.say("last", "members");
  for (const client of clients) {
    assert.equal(client.socket.recovered, true);
    await until(() => client.heard("last"));
    assert.deepEqual(client.said, ["before", "first", "second", "third", "last"]);
    assert.ok((await client.rooms()).includes("members"));
  }
}

scenario("the clients of a limpet that is killed come through the other one and go on where they were", async (stage) => {
  const { limpets, connect } = await real_stack(stage, "streams");
  const { members, others } = await members_and_others(limpets, connect);
  await limpets[0].kill();
  await until_gone(members);
  await talk(others[0]);
  await Promise.all(members.map((member) => member.come_back()));
  await expect_resumed(members, others[0]);
  for (const member of members) assert.equal(await member.whoami(), member.node);
  for (const { disconnects } of others) assert.deepEqual(disconnects, []);
}, skip);

// The members on the first member's node lose it while the others talk.
async function kill_its_node(nodes, members, others) {
  const killed = nodes.find(({ name }) => name === members[0].node);
  const its_own = members.filter(({ node }) => node === killed.name);
  await killed.kill();
  await until_gone(its_own);
  await talk(others.find(({ node }) => node !== killed.name));
  await Promise.all(its_own.map((member) => member.come_back()));
  for (const member of its_own) assert.notEqual(await member.whoami(), killed.name);
  for (const { node, disconnects } of members) if (node !== killed.name) assert.deepEqual(disconnects, []);
  return its_own;
}

scenario("the clients of a node that is killed go on where they were on another one, if it kept their state in Redis", async (stage) => {
  const { nodes, limpets, connect } = await real_stack(stage, "streams-saved");
  const { members, others } = await members_and_others(limpets, connect);
  const its_own = await kill_its_node(nodes, members, others);
  await expect_resumed(its_own, others.find(({ socket }) => socket.connected));
}, skip);

scenario("a node that is killed takes with it what it would have written down at the end of a session", async (stage) => {
  const { nodes, limpets, connect } = await real_stack(stage, "streams");
  const { members, others } = await members_and_others(limpets, connect);
  for (const client of await kill_its_node(nodes, members, others)) {
    assert.equal(client.socket.recovered, false);
    await client.join("members");
  }
  const speaker = others.find(({ socket }) => socket.connected);
  await speaker.say("again", "members");
  await until(() => members.every((member) => member.heard("again")));
}, skip);
