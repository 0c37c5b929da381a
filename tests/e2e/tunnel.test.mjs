// The tunnel byte by byte: what opens it, what passes, how it ends. Both ends are in the test's hands.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Opcode, close_payload, make_frame, switch_answer, upgrade_request } from "./support/frames.mjs";
import { get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { tunnels } from "./support/tunnel.mjs";
import { until, until_still } from "./support/until.mjs";

const kMiB = 1024 * 1024;

scenario("what a client sends before the 101 is held until the backend has switched", async (stage) => {
  let switch_now;
  const may_switch = new Promise((resolve) => (switch_now = resolve));
  let handshake;
  const backend = await stage.script_backend(async (connection) => {
    let head;
    while ((head = await connection.read_head()).target !== "/socket") {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
    handshake = connection;
    await may_switch;
    connection.send(switch_answer(head));
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });

  const early = [make_frame({ payload: "one", masked: true }), make_frame({ payload: "two", masked: true })];
  const client = await stage.connect(limpet.port);
  client.send(Buffer.concat([Buffer.from(upgrade_request({ path: "/socket" })), early[0]]));
  await until(() => handshake);
  client.send(early[1]);
  for (let i = 0; i < 20; ++i) await get(`${limpet.url}/other`); // every worker has had its turns
  assert.equal(handshake.bytes.length, 0, "no byte beyond the head has reached the backend");

  switch_now();
  assert.equal((await client.read_head()).status, 101);
  assert.equal((await handshake.read_frame()).payload.toString(), "one");
  assert.equal((await handshake.read_frame()).payload.toString(), "two");
});

scenario("bytes that come with the 101 reach the client behind it", async (stage) => {
  const backend = await stage.script_backend(async (connection) => {
    const head = await connection.read_head();
    connection.send(Buffer.concat([Buffer.from(switch_answer(head)), make_frame({ payload: "welcome" })]));
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  const client = await stage.connect(limpet.port);
  client.send(upgrade_request());
  assert.equal((await client.read_head()).status, 101);
  assert.equal((await client.read_frame()).payload.toString(), "welcome");
});

scenario("frames that arrive one byte at a time pass unchanged", async (stage) => {
  const { open } = await tunnels(stage);
  const { client, backend } = await open();
  const sent = Buffer.concat([
    make_frame({ payload: "split", masked: true, fin: false }),
    make_frame({ opcode: Opcode.Ping, payload: "p", masked: true }),
    make_frame({ opcode: Opcode.Continuation, payload: "x".repeat(300), masked: true }),
  ]);
  for (const byte of sent) await client.send_all(Buffer.from([byte]));
  assert.deepEqual(await backend.read(sent.length), sent);
  for (const byte of sent) await backend.send_all(Buffer.from([byte]));
  assert.deepEqual(await client.read(sent.length), sent);
});

scenario("the client's FIN does not end what the backend sends, nor the other way round", async (stage) => {
  const { open } = await tunnels(stage);
  for (const first of ["client", "backend"]) {
    const ends = await open();
    const finishing = ends[first];
    const other = first === "client" ? ends.backend : ends.client;
    finishing.send("last words").finish();
    assert.equal((await other.read(10)).toString(), "last words");
    assert.equal(await other.ending(), "end");
    const more = randomBytes(kMiB);
    other.send(more);
    assert.deepEqual(await finishing.read(more.length), more);
    other.finish();
    assert.equal(await finishing.ending(), "end");
  }
});

scenario("a reset is passed on as a reset, both ways", async (stage) => {
  const { limpet, open } = await tunnels(stage);
  const one = await open();
  one.client.reset();
  assert.equal(await one.backend.ending(), "reset");
  const two = await open();
  two.backend.reset();
  assert.equal(await two.client.ending(), "reset");
  await until(() => limpet.events("session_end").length === 2);
  assert.deepEqual(
    limpet.events("session_end").map((event) => event.reason),
    ["client_reset", "backend_reset"],
  );
});

// `sender` sends 200 MiB to `reader`, which does not read at first.
async function expect_bounded_memory(limpet, sender, reader) {
  const kPieces = 200;
  const piece = make_frame({ opcode: Opcode.Binary, payload: randomBytes(kMiB) });
  const expected = createHash("sha256");
  for (let i = 0; i < kPieces; ++i) expected.update(piece);
  const before = limpet.resident_bytes();

  reader.only_hash().socket.pause();
  const got_before = reader.received;
  const sending = (async () => {
    for (let i = 0; i < kPieces; ++i) await sender.send_all(piece);
  })();
  const left = await until_still(() => sender.socket.bytesWritten - sender.socket.writableLength, { still_for: 1000 });
  assert.ok(left < 100 * kMiB, "the sender is stopped long before the end");
  const growth = limpet.resident_bytes() - before;
  assert.ok(growth < 8 * kMiB, `limpet grew by ${growth} bytes`);

  reader.socket.resume();
  await sending;
  await until(() => reader.received - got_before === kPieces * piece.length, { within: 60_000 });
  assert.equal(reader.digest.digest("hex"), expected.digest("hex"));
}

scenario("a client that does not read stops its backend, in bounded memory", async (stage) => {
  const { limpet, open } = await tunnels(stage);
  await open();
  const { client, backend } = await open();
  await expect_bounded_memory(limpet, backend, client);
});

scenario("a backend that does not read stops its client, in bounded memory", async (stage) => {
  const { limpet, open } = await tunnels(stage);
  await open();
  const { client, backend } = await open();
  await expect_bounded_memory(limpet, client, backend);
});

scenario("a tunnel without traffic ends with a Close that says so", async (stage) => {
  const { limpet, open } = await tunnels(stage, { timeouts: { idle: "300ms" } });
  const { client, backend } = await open();
  for (const end of [client, backend]) {
    const frame = await end.read_frame();
    assert.equal(frame.opcode, Opcode.Close);
    assert.equal(frame.code, 1001);
    assert.match(frame.reason, /idle/);
    assert.equal(frame.masked, end === backend, "masked towards the backend only");
    assert.equal(await end.ending(), "end");
  }
  client.close();
  backend.close();
  await until(() => limpet.events("session_end").length === 1);
  const [end] = limpet.events("session_end");
  assert.deepEqual([end.reason, end.closed_by], ["idle_timeout", "limpet"]);
});

scenario("an idle tunnel is not closed inside a frame", async (stage) => {
  const { open } = await tunnels(stage, { timeouts: { idle: "300ms" } });
  const { client, backend } = await open();
  const half = make_frame({ payload: "never finished" }).subarray(0, 6);
  backend.send(half);
  assert.deepEqual(await client.read_to_end(), half, "the stream just ends");
});

scenario("a close handshake passes and ends both connections", async (stage) => {
  const { limpet, open } = await tunnels(stage);
  const { client, backend } = await open();
  client.send_frame({ opcode: Opcode.Close, payload: close_payload(4000, "bye"), masked: true });
  const asked = await backend.read_frame();
  assert.deepEqual([asked.code, asked.reason], [4000, "bye"]);
  backend.send_frame({ opcode: Opcode.Close, payload: close_payload(4000, "bye") }).finish();
  assert.equal((await client.read_frame()).code, 4000);
  assert.equal(await client.ending(), "end");
  client.finish();
  await until(() => limpet.events("session_end").length === 1);
  const [end] = limpet.events("session_end");
  assert.equal(end.reason, "client_closed");
});

// What the backend answers to the handshake, and what the client gets.
const kRefusals = [
  { status: 401, fields: 'WWW-Authenticate: Basic realm="limpet"\r\n', body: "who are you?\n" },
  { status: 302, fields: "Location: http://elsewhere.test/\r\n", body: "" },
  { status: 426, fields: "Upgrade: TLS/1.0\r\n", body: "not like this\n" },
  { status: 200, fields: "Content-Type: text/plain\r\n", body: "just a page\n" },
];

scenario("a backend's refusal of the handshake is passed on as an ordinary answer", async (stage) => {
  const backend = await stage.script_backend(async (connection) => {
    for (;;) {
      const head = await connection.read_head();
      const { status, fields, body } = kRefusals[Number(head.target.slice(1))];
      connection.send(`HTTP/1.1 ${status} So\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`);
    }
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  for (const [i, { status, fields, body }] of kRefusals.entries()) {
    const client = await stage.connect(limpet.port);
    client.send(upgrade_request({ path: `/${i}` }));
    const answer = await client.read_message();
    assert.equal(answer.status, status);
    assert.equal(answer.body.toString(), body);
    const [name, value] = fields.trimEnd().split(": ");
    if (name !== "Upgrade") assert.equal(answer.fields[name.toLowerCase()], value);
    assert.equal(answer.fields["limpet-reason"], undefined);
    // Frames may still come behind the request, and could not be told from another one.
    assert.equal(answer.fields.connection, "close");
    await client.read_to_end();
  }
});

scenario("frames behind a refused handshake are not read as a request", async (stage) => {
  const heads = [];
  const backend = await stage.script_backend(async (connection) => {
    for (;;) {
      heads.push((await connection.read_head()).line);
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
    }
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  const client = await stage.connect(limpet.port);
  client.send(upgrade_request() + "GET /smuggled HTTP/1.1\r\nHost: limpet.test\r\n\r\n");
  assert.equal((await client.read_message()).body.toString(), "no");
  await client.ending();
  assert.deepEqual(heads, ["GET / HTTP/1.1"]);
});

scenario("an upgrade to anything else than websocket is an ordinary request", async (stage) => {
  let head;
  const backend = await stage.script_backend(async (connection) => {
    head = await connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  const client = await stage.connect(limpet.port);
  client.send("GET / HTTP/1.1\r\nHost: limpet.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
  assert.equal((await client.read_message()).body.toString(), "ok");
  assert.equal(head.fields.upgrade, undefined);
});
