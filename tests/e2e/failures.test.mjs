// What limpet answers when clients, backends or limits fail: a status, one reason word, a line of text.
import assert from "node:assert/strict";
import { refusing_backend } from "./support/backends.mjs";
import { Child } from "./support/child.mjs";
import { switch_answer, upgrade_request } from "./support/frames.mjs";
import { get, request } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNoProbes = { probe: "none" };
const kHead = "GET / HTTP/1.1\r\nHost: limpet.test\r\n\r\n";

function expect_refusal(answer, status, reason) {
  const fields = answer.fields ?? answer.headers;
  assert.equal(answer.status, status, String(answer.body));
  assert.equal(fields["limpet-reason"], reason);
  assert.match(fields["content-type"], /^text\/plain/);
  assert.match(answer.body.toString(), /^[^\n]+\n$/, "one line of text");
  if (status === 503) {
    const wait = Number(fields["retry-after"]);
    assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 60, `Retry-After: ${fields["retry-after"]}`);
  }
}

async function healthy(stage, settings) {
  const backend = await stage.serve_http((_, answer) => answer.end("well"));
  return stage.start_limpet({ backends: [backend], ...settings });
}

const kGarbage = {
  "no request at all": "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
  "no version": "GET /\r\nHost: a\r\n\r\n",
  "no host": "GET / HTTP/1.1\r\n\r\n",
  "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  "a bare LF": "GET / HTTP/1.1\nHost: a\n\n",
  "a folded field": "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
  "space before the colon": "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
  "a NUL in a field": "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
  "two lengths": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
  "a length and chunks": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "a negative length": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
  "an unknown transfer coding": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
  "a handshake without a key": "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
};

scenario("malformed requests are refused with 400 and disturb nobody", async (stage) => {
  const [server] = await stage.start_servers("websocket", "w1");
  const limpet = await stage.start_limpet({ backends: [server] });
  const bystander = await stage.open_websocket(limpet.ws_url);
  for (const [what, bytes] of Object.entries(kGarbage)) {
    const client = await stage.connect(limpet.port);
    client.send(Buffer.from(bytes, "latin1"));
    const answer = await client.read_message().catch((error) => assert.fail(`${what}: ${error.message}`));
    expect_refusal(answer, 400, "malformed_request");
    assert.equal(await client.ending(), "end", what);
    assert.equal(await bystander.echo(what), what);
  }
  assert.equal((await server.stats()).opened, 1);
});

scenario("a malformed chunk is refused with 400 and never reaches the backend", async (stage) => {
  const bodies = [];
  const backend = await stage.serve_http((asked, answer) => {
    let body = "";
    asked.on("data", (piece) => (body += piece));
    asked.on("end", () => bodies.push(body) && answer.end());
    asked.on("error", () => {});
  });
  const limpet = await stage.start_limpet({ backends: [backend] });
  const client = await stage.connect(limpet.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnot a size\r\n");
  expect_refusal(await client.read_message(), 400, "malformed_body");
  assert.deepEqual(bodies, []);
});

scenario("a client that leaves in the middle of its head leaves no trace", async (stage) => {
  const limpet = await healthy(stage);
  for (const end of ["finish", "reset"]) {
    const client = await stage.connect(limpet.port);
    await client.send_all("GET / HTTP/1.1\r\nHost: lim");
    client[end]();
    await client.ending();
  }
  assert.equal((await get(limpet.url)).body.toString(), "well");
});

scenario("a head that comes too slowly is answered 408", async (stage) => {
  const limpet = await healthy(stage, { timeouts: { head: "400ms" } });
  const silent = await stage.connect(limpet.port);
  const half = await stage.connect(limpet.port);
  half.send("GET / HTTP/1.1\r\nHost: limpet.test\r\n");
  const trickling = await stage.connect(limpet.port);
  trickling.send("GET / HTTP/1.1\r\nHost: a\r\n");
  const trickle = setInterval(() => trickling.send("X: y\r\n"), 50);
  try {
    for (const client of [silent, half, trickling]) expect_refusal(await client.read_message(), 408, "head_timeout");
  } finally {
    clearInterval(trickle);
  }
});

scenario("a head that is too large is answered 431", async (stage) => {
  const limpet = await healthy(stage, { limits: { head_bytes: "4KiB", headers: 20 } });
  const long_line = await stage.connect(limpet.port);
  long_line.send(`GET /${"a".repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect_refusal(await long_line.read_message(), 431, "head_too_large");
  const endless = await stage.connect(limpet.port);
  endless.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"b".repeat(8000)}`);
  expect_refusal(await endless.read_message(), 431, "head_too_large");
  const many = await stage.connect(limpet.port);
  many.send(`GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(20)}\r\n`);
  expect_refusal(await many.read_message(), 431, "head_too_large");
  const enough = await stage.connect(limpet.port);
  enough.send(`GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(19)}\r\n`);
  assert.equal((await enough.read_message()).status, 200);
});

scenario("a body that makes no progress is answered 408", async (stage) => {
  const backend = await stage.serve_http((asked, answer) => asked.resume().on("end", () => answer.end()));
  const limpet = await stage.start_limpet({ backends: [backend], timeouts: { body: "400ms" } });
  const client = await stage.connect(limpet.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
  expect_refusal(await client.read_message(), 408, "body_timeout");
  assert.equal((await get(limpet.url)).status, 200);
});

scenario("a WebSocket version that is not spoken is answered 426 with the one that is", async (stage) => {
  const limpet = await healthy(stage);
  const client = await stage.connect(limpet.port);
  client.send(upgrade_request().replace("Version: 13", "Version: 8"));
  const answer = await client.read_message();
  expect_refusal(answer, 426, "unsupported_version");
  assert.equal(answer.fields["sec-websocket-version"], "13");
});

scenario("above the limit of sessions the answer is 503, until one has left", async (stage) => {
  const [server] = await stage.start_servers("websocket", "w1");
  const limpet = await stage.start_limpet({ backends: [server], limits: { sessions: 3 } });
  const clients = [];
  for (let i = 0; i < 3; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  for (let i = 0; i < 5; ++i) expect_refusal(await get(limpet.url), 503, "sessions_full");
  for (const client of clients) assert.equal(await client.echo("still here"), "still here");
  await clients[0].end(1000);
  await until(async () => (await get(limpet.url)).status === 200);
});

scenario("a request to backends that refuse connections is answered 503", async (stage) => {
  const backends = [await refusing_backend("r1"), await refusing_backend("r2")];
  const limpet = await stage.start_limpet({ backends, health: kNoProbes });
  expect_refusal(await get(limpet.url), 503, "backend_unreachable");
  expect_refusal(await request(limpet.url, { method: "POST", body: "data" }), 503, "backend_unreachable");
  const client = await stage.connect(limpet.port);
  client.send(upgrade_request());
  expect_refusal(await client.read_message(), 503, "backend_unreachable");
});

scenario("while all backends are down the answer is 503, and service returns with their health", async (stage) => {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: servers });
  for (const server of servers) {
    await server.kill();
    await limpet.admin.until_health(server.name, "down");
  }
  expect_refusal(await get(limpet.url), 503, "no_backend");
  const head = await stage.connect(limpet.port);
  head.send(kHead.replace("GET", "HEAD"));
  const answer = await head.read_message({ bodiless: true });
  assert.equal(answer.status, 503);
  assert.equal((await head.read_to_end()).length, 0, "an answer to HEAD has no body");
  assert.equal((await limpet.admin.answer("/readyz")).status, 503);

  await servers[1].restart();
  await limpet.admin.until_health("w2", "up");
  assert.equal((await get(limpet.url)).headers["x-backend"], "w2");
});

// A listener that never accepts and whose queue is full: connections to it hang.
async function hanging_backend(stage) {
  const program = [
    "import signal, socket",
    "s = socket.socket()",
    "s.bind(('127.0.0.1', 0))",
    "s.listen(0)",
    "print(s.getsockname()[1], flush=True)",
    "signal.pause()",
  ];
  const child = new Child("/usr/bin/python3", ["-c", program.join("\n")]);
  stage.add({ stop: () => child.kill() });
  const port = await child.saw(({ output }) => Number(output.trim()), "the port");
  for (let i = 0; i < 8; ++i) {
    // The first fill the queue; the rest hang and keep it full.
    const connecting = stage.connect(port);
    connecting.catch(() => {});
    await Promise.race([connecting.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  return { name: "hanging", address: `127.0.0.1:${port}` };
}

scenario("a backend that does not accept in time costs a 504, or nothing where another one serves", async (stage) => {
  const hanging = await hanging_backend(stage);
  const timeouts = { connect: "300ms" };
  const alone = await stage.start_limpet({ backends: [hanging], health: kNoProbes, timeouts });
  expect_refusal(await get(alone.url), 504, "connect_timeout");
  const well = await stage.serve_http((_, answer) => answer.end("well"));
  const limpet = await stage.start_limpet({ backends: [hanging, well], health: kNoProbes, timeouts });
  for (let i = 0; i < 4; ++i) assert.equal((await get(limpet.url)).body.toString(), "well");
});

// What a backend does with a request, and what the client is told.
const kFaults = [
  ["closes in the middle of its head", 502, "backend_cut", (c) => c.send("HTTP/1.1 200 OK\r\nContent-Le").finish()],
  ["answers what is not HTTP", 502, "bad_answer", (c) => c.send("SSH-2.0-nonsense\r\n\r\n")],
  ["answers with two lengths", 502, "bad_answer", (c) => c.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")],
  ["switches without being asked", 502, "bad_answer", (c) => c.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")],
  ["sends a head without end", 502, "bad_answer", (c) => c.send(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(70_000)}`)],
];

for (const [what, status, reason, act] of kFaults) {
  scenario(`a backend that ${what} costs the client a ${status}`, async (stage) => {
    const backend = await stage.script_backend(async (connection) => {
      await connection.read_head();
      act(connection);
    });
    const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
    expect_refusal(await get(limpet.url), status, reason);
    expect_refusal(await request(limpet.url, { method: "POST", body: "data" }), status, reason);
  });
}

scenario("a backend that closes without an answer costs a 502 where the request may not be repeated", async (stage) => {
  const backend = await stage.script_backend(async (connection) => {
    await connection.read_head();
    connection.finish();
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  expect_refusal(await request(limpet.url, { method: "POST", body: "data" }), 502, "backend_cut");
  assert.equal(backend.connections.length, 1, "it was asked once");
});

scenario("a backend that never answers costs a 504", async (stage) => {
  const backend = await stage.script_backend(async (connection) => connection.read_head());
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes, timeouts: { response: "300ms" } });
  expect_refusal(await get(limpet.url), 504, "response_timeout");
  const client = await stage.connect(limpet.port);
  client.send(upgrade_request());
  expect_refusal(await client.read_message(), 504, "response_timeout");
});

scenario("an answer that breaks off ends the client's connection before its length", async (stage) => {
  const backend = await stage.script_backend(async (connection) => {
    const head = await connection.read_head();
    const framing = head.target === "/chunked" ? "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" : "Content-Length: 50\r\n\r\nhello";
    connection.send(`HTTP/1.1 200 OK\r\n${framing}`).finish();
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  for (const path of ["/length", "/chunked"]) {
    const client = await stage.connect(limpet.port);
    client.send(kHead.replace("/", path));
    const head = await client.read_head();
    const rest = (await client.read_to_end()).toString();
    assert.equal(head.status, 200);
    assert.match(rest, /hello/);
    assert.doesNotMatch(rest, /0\r\n\r\n$/);
  }
});

const kBadSwitches = {
  "another key's accept": { accept: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
  "a subprotocol nobody offered": { fields: "Sec-WebSocket-Protocol: surprise\r\n" },
};

scenario("a 101 that does not answer the handshake is answered 502", async (stage) => {
  const answers = [
    ...Object.values(kBadSwitches).map((how) => (head) => switch_answer(head, how)),
    (head) => switch_answer(head).replace("Upgrade: websocket\r\n", ""),
    (head) => switch_answer(head).replace("Connection: Upgrade\r\n", ""),
    (head) => switch_answer(head).replace("HTTP/1.1", "HTTP/1.0"),
    (head) => switch_answer(head).replace(/Sec-WebSocket-Accept.*\r\n/, ""),
  ];
  const backend = await stage.script_backend(async (connection) => {
    const head = await connection.read_head();
    connection.send(answers[Number(head.target.slice(1))](head));
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  for (const i of answers.keys()) {
    const client = await stage.connect(limpet.port);
    client.send(upgrade_request({ path: `/${i}` }));
    expect_refusal(await client.read_message(), 502, "bad_answer");
  }
});
