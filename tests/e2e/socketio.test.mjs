// Socket.IO: three nodes that know only their own sessions. Long-polling works only where affinity does.
import assert from "node:assert/strict";
import { SocketIoClient, fetch_cookie } from "./support/socketio_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNodes = ["n1", "n2", "n3"];

async function three_nodes(stage, settings = {}) {
  const nodes = await stage.start_servers("socketio", ...kNodes);
  const limpet = await stage.start_limpet({ backends: nodes, ...settings });
  for (const name of kNodes) await limpet.admin.until_health(name, "up");
  const connect = (options) => stage.add(new SocketIoClient(limpet.url, options));
  const sum = async (what) => (await Promise.all(nodes.map((node) => node.stats()))).reduce((total, stats) => total + stats[what], 0);
  return { nodes, limpet, connect, sum };
}

const times = (count, make) => Array.from({ length: count }, (_, i) => make(i));

function expect_no_gap(numbers) {
  numbers.forEach((number, i) => assert.equal(number, i));
}

scenario("a session that begins with long-polling and upgrades is served by one node", async (stage) => {
  const { connect, sum } = await three_nodes(stage);
  const clients = times(24, () => connect());
  await Promise.all(
    clients.map(async (client) => {
      await client.connected();
      await client.send_numbers(20);
      await client.upgraded();
    }),
  );
  assert.equal(await sum("unknown_sids"), 0);
  assert.equal(await sum("gaps"), 0);
  assert.equal(await sum("opened"), 24);
  await until(async () => (await sum("upgrades")) === 24);
  assert.deepEqual(clients.flatMap((client) => client.disconnects), []);
});

scenario("a session that only polls is served by one node", async (stage) => {
  const { connect, sum } = await three_nodes(stage);
  const clients = times(12, () => connect({ transports: ["polling"] }));
  await Promise.all(clients.map(async (client) => (await client.connected()).send_numbers(20)));
  assert.equal(await sum("unknown_sids"), 0);
  assert.equal(await sum("gaps"), 0);
});

scenario("without affinity long-polling sessions break", async (stage) => {
  const { connect, sum } = await three_nodes(stage, { affinity: { by: "none" } });
  times(6, () => connect({ transports: ["polling"] }));
  await until(async () => (await sum("unknown_sids")) > 0);
});

scenario("a client that reconnects with its cookie returns to its node", async (stage) => {
  const { limpet, connect, sum } = await three_nodes(stage);
  const visits = await Promise.all(
    times(40, async () => {
      const cookie = await fetch_cookie(limpet);
      const client = await connect({ cookie }).upgraded();
      const node = await client.whoami();
      client.stop();
      return { cookie, node };
    }),
  );
  assert.equal(new Set(visits.map(({ node }) => node)).size, 3, "strangers are spread over the nodes");
  for (const { cookie, node } of visits) {
    const client = await connect({ cookie }).upgraded();
    assert.equal(await client.whoami(), node);
  }
  assert.equal(await sum("unknown_sids"), 0);
});

scenario("fifty clients are spread by their address and stay after a reconnect", async (stage) => {
  const { connect, sum } = await three_nodes(stage, { affinity: { by: "client_ip" } });
  const addresses = times(50, (i) => `127.0.0.${i + 2}`);
  const visit = async (from) => {
    const client = await connect({ from }).upgraded();
    const node = await client.whoami();
    client.stop();
    return node;
  };
  const connected = await Promise.all(addresses.map((from) => connect({ from }).upgraded()));
  const first = await Promise.all(connected.map((client) => client.whoami()));
  for (const name of kNodes) {
    const count = first.filter((node) => node === name).length;
    assert.ok(count >= 4 && count <= 34, `${name} has ${count} of 50`);
  }
  connected.forEach((client) => client.stop());
  assert.deepEqual(await Promise.all(addresses.map(visit)), first);
  assert.equal(await sum("unknown_sids"), 0);
});

// Clients with numbered streams from their node, until all have heard some.
async function streaming_clients(count, limpet, connect) {
  const clients = await Promise.all(
    times(count, async () => {
      const client = await connect({ cookie: await fetch_cookie(limpet) }).upgraded();
      client.node = await client.whoami();
      client.stream();
      return client;
    }),
  );
  await until(() => clients.every((client) => client.numbered.length > 3));
  return clients;
}

scenario("a killed node loses its own clients only, and they are served elsewhere in under 2 s", async (stage) => {
  const { nodes, limpet, connect, sum } = await three_nodes(stage);
  const clients = await streaming_clients(18, limpet, connect);
  const killed = nodes.find(({ name }) => name === clients[0].node);
  const its_own = clients.filter((client) => client.node === killed.name);
  const others = clients.filter((client) => client.node !== killed.name);
  assert.ok(others.length > 0);

  const killed_at = Date.now();
  await killed.kill();
  await until(() => its_own.every((client) => client.connects === 2 && client.socket.connected), { within: 20_000 });
  assert.ok(Date.now() - killed_at < 2000, `it took ${Date.now() - killed_at} ms`);
  for (const client of its_own) assert.notEqual(await client.whoami(), killed.name);

  const heard = others.map((client) => client.numbered.length);
  await until(() => others.every((client, i) => client.numbered.length > heard[i] + 10));
  for (const client of others) {
    assert.deepEqual(client.disconnects, []);
    assert.equal(await client.whoami(), client.node);
    expect_no_gap(client.numbered);
  }
  nodes.splice(nodes.indexOf(killed), 1);
  assert.equal(await sum("unknown_sids"), 0);
});

scenario("a node that returns gets new clients while the old ones stay where they are", async (stage) => {
  const { nodes, limpet, connect } = await three_nodes(stage);
  const clients = await streaming_clients(12, limpet, connect);
  const [returning] = nodes;
  await returning.kill();
  await limpet.admin.until_health(returning.name, "down");
  await until(() => clients.every((client) => client.socket.connected));
  for (const client of clients) {
    await client.upgraded();
    client.node = await client.whoami();
    client.connects_before = client.connects;
  }

  await returning.restart();
  await limpet.admin.until_health(returning.name, "up");
  const newcomer = await connect().upgraded();
  assert.equal(await newcomer.whoami(), returning.name);
  for (const client of clients) {
    assert.equal(await client.whoami(), client.node);
    assert.equal(client.connects, client.connects_before);
  }
});
