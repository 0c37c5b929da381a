// WebSocket through limpet with a library at both ends: messages, closes and what the two ends negotiate.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { kCloses } from "./support/closes.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kKiB = 1024;
const kMiB = 1024 * kKiB;

async function echo_servers(stage, ...names) {
  const servers = await stage.start_servers("websocket", ...names);
  const limpet = await stage.start_limpet({ backends: servers });
  return { servers, server: servers[0], limpet };
}

const hash = (data) => createHash("sha256").update(data).digest("hex");

scenario("a thousand clients get all their messages in order", async (stage) => {
  const kClients = 1000;
  const kMessages = 100;
  const kAtOnce = 100; // handshakes under way
  const { servers, limpet } = await echo_servers(stage, "w1", "w2");
  const clients = [];
  while (clients.length < kClients) {
    const batch = Array.from({ length: kAtOnce }, () => stage.open_websocket(limpet.ws_url));
    clients.push(...(await Promise.all(batch)));
  }
  const talk = async (client, id) => {
    for (let n = 0; n < kMessages; ++n) client.send(`${id}:${n}`);
    for (let n = 0; n < kMessages; ++n) assert.equal((await client.message()).text, `${id}:${n}`);
  };
  await Promise.all(clients.map(talk));
  const stats = await Promise.all(servers.map((server) => server.stats()));
  assert.equal(stats[0].messages + stats[1].messages, kClients * kMessages);
  assert.equal(stats[0].opened + stats[1].opened, kClients);
});

scenario("messages from one byte to 16 MiB come back the same", async (stage) => {
  const { limpet } = await echo_servers(stage, "w1");
  const client = await stage.open_websocket(limpet.ws_url);
  for (const size of [1, 125, 126, 127, 65_535, 65_536, 65_537, 256 * kKiB, kMiB, 16 * kMiB]) {
    const data = randomBytes(size);
    client.send(data);
    const answer = await client.message({ within: 60_000 });
    assert.equal(answer.is_binary, true);
    assert.equal(hash(answer.data), hash(data), `${size} bytes`);
  }
  const text = "grüße, 世界 🐚 ".repeat(5000);
  assert.equal(await client.echo(text), text);
});

scenario("large messages pass both ways at the same time", async (stage) => {
  const { limpet } = await echo_servers(stage, "w1");
  const client = await stage.open_websocket(limpet.ws_url);
  const sent = Array.from({ length: 12 }, () => randomBytes(2 * kMiB));
  sent.forEach((data) => client.send(data));
  for (const data of sent) assert.equal(hash((await client.message({ within: 60_000 })).data), hash(data));
});

scenario("a message that is sent in fragments arrives as one, both ways", async (stage) => {
  const { limpet } = await echo_servers(stage, "w1");
  const client = await stage.open_websocket(limpet.ws_url);
  const pieces = Array.from({ length: 50 }, (_, i) => `${i},`.repeat(1 + i * 37));
  pieces.forEach((piece, i) => {
    client.send(piece, { fin: i === pieces.length - 1 });
    if (i === 20) client.socket.ping("between fragments");
  });
  assert.equal((await client.message()).text, pieces.join(""));
  client.send("!fragments");
  assert.equal((await client.message()).text, "one two three");
  await until(() => client.pongs.includes("between fragments"));
});

scenario("pings reach the backend and their pongs come back", async (stage) => {
  const { server, limpet } = await echo_servers(stage, "w1");
  const client = await stage.open_websocket(limpet.ws_url);
  ["", "one", "x".repeat(125)].forEach((data) => client.socket.ping(data));
  await until(() => client.pongs.length === 3);
  assert.deepEqual(client.pongs, ["", "one", "x".repeat(125)]);
  assert.equal((await server.stats()).pings, 3);
});

const kNoCode = { code: 1005, reason: "" }; // what a library tells of an empty Close

scenario("a close of the client reaches the backend with its code and reason", async (stage) => {
  const { server, limpet } = await echo_servers(stage, "w1");
  for (const { code, reason } of kCloses) {
    const client = await stage.open_websocket(limpet.ws_url);
    assert.deepEqual(await client.end(code, reason), { code, reason });
  }
  const client = await stage.open_websocket(limpet.ws_url);
  assert.deepEqual(await client.end(), kNoCode);
  await until(async () => (await server.stats()).closes.length === kCloses.length + 1);
  assert.deepEqual((await server.stats()).closes, [...kCloses, kNoCode]);
  await until(() => limpet.events("session_end").length === kCloses.length + 1);
  const ends = limpet.events("session_end");
  assert.ok(ends.every((event) => event.reason === "client_closed" && event.closed_by === "client"));
  assert.deepEqual(ends.map((event) => event.close_code).sort(), [...kCloses, kNoCode].map(({ code }) => code).sort());
});

scenario("a close of the backend reaches the client with its code and reason", async (stage) => {
  const { limpet } = await echo_servers(stage, "w1");
  for (const close of kCloses) {
    const client = await stage.open_websocket(limpet.ws_url);
    client.send(`!close ${JSON.stringify(close)}`);
    assert.deepEqual(await client.ended(), close);
  }
  const client = await stage.open_websocket(limpet.ws_url);
  client.send("!close {}");
  assert.deepEqual(await client.ended(), kNoCode);
  await until(() => limpet.events("session_end").length === kCloses.length + 1);
  const ends = limpet.events("session_end");
  assert.ok(ends.every((event) => event.reason === "backend_closed" && event.closed_by === "backend"));
  assert.deepEqual(ends.map((event) => event.close_code).sort(), [...kCloses, kNoCode].map(({ code }) => code).sort());
});

scenario("compression is negotiated by the two ends and its frames pass", async (stage) => {
  const { limpet } = await echo_servers(stage, "w1");
  const client = await stage.open_websocket(limpet.ws_url, { perMessageDeflate: { threshold: 0 } });
  assert.match(client.socket.extensions, /permessage-deflate/);
  for (const text of ["a", "deflate me ".repeat(100_000), "again ".repeat(10)]) {
    assert.equal(await client.echo(text), text);
  }
  const plain = await stage.open_websocket(limpet.ws_url);
  assert.equal(plain.socket.extensions, "");
});

scenario("the subprotocol that the backend picks is the client's", async (stage) => {
  const { limpet } = await echo_servers(stage, "w1");
  const client = await stage.open_websocket(limpet.ws_url, { protocols: ["chat.v1", "chat.v2"] });
  assert.equal(client.socket.protocol, "chat.v2");
  const other = await stage.open_websocket(limpet.ws_url, { protocols: ["mqtt"] });
  assert.equal(other.socket.protocol, "mqtt");
  assert.equal((await stage.open_websocket(limpet.ws_url)).socket.protocol, "");
});

scenario("a client that keeps its cookie keeps its backend over handshakes", async (stage) => {
  const { servers, limpet } = await echo_servers(stage, "w1", "w2", "w3");
  const first = await stage.open_websocket(limpet.ws_url);
  const cookie = first.answer.headers["set-cookie"][0].split(";")[0];
  for (let i = 0; i < 10; ++i) {
    const client = await stage.open_websocket(limpet.ws_url, { headers: { Cookie: `theme=dark; ${cookie}` } });
    assert.equal(client.backend, first.backend);
  }
  const seen = (await Promise.all(servers.map((server) => server.stats()))).flatMap((stats) => stats.cookies);
  assert.deepEqual([...new Set(seen)], ["theme=dark"], "the affinity cookie reaches no backend");
});

scenario("the death of a backend ends its sessions within a second and no others", async (stage) => {
  const { servers, limpet } = await echo_servers(stage, "w1", "w2");
  const clients = [];
  for (let i = 0; i < 10; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  const [dying] = servers;
  const killed_at = Date.now();
  await dying.kill();
  const its_own = clients.filter((client) => client.backend === dying.name);
  const others = clients.filter((client) => client.backend !== dying.name);
  assert.ok(its_own.length > 0 && others.length > 0);
  await Promise.all(its_own.map((client) => client.ended()));
  assert.ok(Date.now() - killed_at < 1000, `it took ${Date.now() - killed_at} ms`);
  for (const client of others) assert.equal(await client.echo("still here"), "still here");
  assert.equal((await stage.open_websocket(limpet.ws_url)).backend, "w2");
});
