// Large bodies: they arrive whole, and limpet does not grow with them.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { module_of, request } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until, until_still } from "./support/until.mjs";

const kMiB = 1024 * 1024;
const kPieces = 100;
const kMostGrowth = 16 * kMiB;

// Writes 100 MiB and leaves the stream open; answers their hash.
async function write_pieces(stream) {
  const piece = randomBytes(kMiB);
  const hash = createHash("sha256");
  for (let i = 0; i < kPieces; ++i) {
    piece.writeUInt32BE(i); // no two pieces are the same
    hash.update(piece);
    if (!stream.write(Buffer.from(piece))) await once(stream, "drain");
  }
  return hash.digest("hex");
}

async function hash_of(stream) {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of stream) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, hash: hash.digest("hex") };
}

async function transfer_server(stage) {
  const told = {};
  const backend = await stage.serve_http(async (asked, answer) => {
    if (asked.method === "POST") {
      answer.end(JSON.stringify(await hash_of(asked)));
      return;
    }
    answer.writeHead(200, asked.url === "/length" ? { "Content-Length": kPieces * kMiB } : {});
    told.hash = await write_pieces(answer);
    answer.end();
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  await request(limpet.url, { method: "POST", body: randomBytes(kMiB) }); // whatever is made once is made now
  return { limpet, told };
}

async function answer_to(url, options, send = (asked) => asked.end()) {
  const asked = module_of(url).request(url, { agent: new (module_of(url).Agent)(), ...options });
  const answered = once(asked, "response");
  const sent = await send(asked);
  const [answer] = await answered;
  return { answer, sent };
}

for (const [how, options, path] of [
  ["with a length", { headers: { "Content-Length": kPieces * kMiB } }, "/length"],
  ["in chunks", {}, "/chunks"],
]) {
  scenario(`an upload of 100 MiB ${how} arrives whole in constant memory`, async (stage) => {
    const { limpet } = await transfer_server(stage);
    const before = limpet.resident_bytes();
    const { answer, sent } = await answer_to(limpet.url, { method: "POST", ...options }, async (asked) => {
      const hash = await write_pieces(asked);
      asked.end();
      return hash;
    });
    let body = "";
    for await (const piece of answer) body += piece;
    assert.deepEqual(JSON.parse(body), { size: kPieces * kMiB, hash: sent });
    assert.ok(limpet.resident_bytes() - before < kMostGrowth);
  });

  scenario(`a download of 100 MiB ${how} arrives whole in constant memory`, async (stage) => {
    const { limpet, told } = await transfer_server(stage);
    const before = limpet.resident_bytes();
    const { answer } = await answer_to(limpet.url + path, {});
    assert.deepEqual(await hash_of(answer), { size: kPieces * kMiB, hash: told.hash });
    assert.ok(limpet.resident_bytes() - before < kMostGrowth);
  });
}

scenario("a client that does not read its download stops the backend, in constant memory", async (stage) => {
  const { limpet, told } = await transfer_server(stage);
  const before = limpet.resident_bytes();
  const client = await stage.connect(limpet.port);
  client.send("GET /length HTTP/1.1\r\nHost: limpet.test\r\nConnection: close\r\n\r\n");
  await client.read_head();
  client.only_hash().socket.pause();
  const early = client.received;
  await until_still(() => client.received, { still_for: 1000 });
  assert.ok(client.received - early < 50 * kMiB);
  assert.equal(told.hash, undefined, "the backend is not done");
  assert.ok(limpet.resident_bytes() - before < kMostGrowth);
  client.socket.resume();
  await client.ending();
  assert.equal(client.digest.digest("hex"), told.hash);
});

scenario("a backend that does not read its upload stops the client, in constant memory", async (stage) => {
  let reading;
  const backend = await stage.script_backend(async (connection) => {
    await connection.read_head();
    connection.only_hash().socket.pause();
    reading = connection;
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  const client = await stage.connect(limpet.port);
  const before = limpet.resident_bytes();
  client.send(`POST / HTTP/1.1\r\nHost: limpet.test\r\nContent-Length: ${kPieces * kMiB}\r\n\r\n`);
  await until(() => reading);
  const head_size = reading.received;
  const sending = write_pieces(client.socket);
  const sent = await until_still(() => client.socket.bytesWritten - client.socket.writableLength, { still_for: 1000 });
  assert.ok(sent < 50 * kMiB, "the client is stopped long before the end");
  assert.ok(limpet.resident_bytes() - before < kMostGrowth);
  reading.socket.resume();
  const hash = await sending;
  await until(() => reading.received - head_size === kPieces * kMiB, { within: 60_000 });
  assert.equal(reading.digest.digest("hex"), hash);
});
