// Large bodies: they arrive whole, and limpet does not grow with them.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import { once } from "node:events";
import { request } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until_still } from "./support/until.mjs";

const kMiB = 1024 * 1024;
const kPieces = 100;
const kMostGrowth = 16 * kMiB;

// Writes 100 MiB; answers their hash.
async function write_pieces(stream) {
  const piece = randomBytes(kMiB);
  const hash = createHash("sha256");
  for (let i = 0; i < kPieces; ++i) {
    piece.writeUInt32BE(i); // no two pieces are the same
    hash.update(piece);
    if (!stream.write(Buffer.from(piece))) await once(stream, "drain");
  }
  stream.end();
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
    told.hash = await write_pieces(answer).catch(() => undefined);
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  await request(limpet.url, { method: "POST", body: randomBytes(kMiB) }); // whatever is made once is made now
  return { limpet, told };
}

async function answer_to(url, options, send = (asked) => asked.end()) {
  const asked = http.request(url, { agent: new http.Agent(), ...options });
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
    const { answer, sent } = await answer_to(limpet.url, { method: "POST", ...options }, write_pieces);
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
