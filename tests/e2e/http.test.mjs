// HTTP through limpet: connections that are kept, framing in all its forms, answers that stream.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { refusing_backend } from "./support/backends.mjs";
import { get, module_of, request } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNoProbes = { probe: "none" }; // so that a backend sees the test's connections only

async function behind_limpet(stage, handler, settings = {}) {
  const backend = await stage.serve_http(handler);
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes, ...settings });
  return { backend, limpet };
}

const ask = (path, { method = "GET", version = "1.1", fields = "" } = {}) =>
  `${method} ${path} HTTP/${version}\r\nHost: limpet.test\r\n${fields}\r\n`;

scenario("a connection is kept for further requests on both sides", async (stage) => {
  const { backend, limpet } = await behind_limpet(stage, (asked, answer) => answer.end(asked.url));
  const client = await stage.connect(limpet.port);
  for (let i = 0; i < 20; ++i) {
    client.send(ask(`/${i}`));
    assert.equal((await client.read_message()).body.toString(), `/${i}`);
  }
  assert.equal(backend.connections, 1);
});

scenario("a client that asks to close is closed after its answer", async (stage) => {
  const { limpet } = await behind_limpet(stage, (_, answer) => answer.end("bye"));
  const client = await stage.connect(limpet.port);
  client.send(ask("/", { fields: "Connection: close\r\n" }));
  const answer = await client.read_message();
  assert.equal(answer.fields.connection, "close");
  assert.equal(await client.ending(), "end");
});

scenario("pipelined requests are answered in order", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => {
    const n = Number(asked.url.slice(1));
    setTimeout(() => answer.end(asked.url), n % 2 ? 0 : 20); // the even ones are slower
  });
  const client = await stage.connect(limpet.port);
  client.send(Array.from({ length: 20 }, (_, i) => ask(`/${i}`)).join(""));
  for (let i = 0; i < 20; ++i) assert.equal((await client.read_message()).body.toString(), `/${i}`);
});

scenario("an idle connection that the backend has closed does not cost a request", async (stage) => {
  const { backend, limpet } = await behind_limpet(stage, (_, answer) => answer.end("well"));
  const client = await stage.connect(limpet.port);
  for (let i = 0; i < 5; ++i) {
    client.send(ask("/"));
    assert.equal((await client.read_message()).status, 200);
    backend.sockets.forEach((socket) => socket.destroy());
  }
});

scenario("an idle client connection ends after the keep-alive time", async (stage) => {
  const { limpet } = await behind_limpet(stage, (_, answer) => answer.end("well"), { timeouts: { keep_alive: "300ms" } });
  const client = await stage.connect(limpet.port);
  client.send(ask("/"));
  await client.read_message();
  assert.equal((await client.read_to_end()).length, 0, "without a word");
});

scenario("chunked bodies pass both ways, split anywhere", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => {
    answer.writeHead(200, { "X-Coding": asked.headers["transfer-encoding"] ?? "none" });
    asked.pipe(answer);
  });
  const client = await stage.connect(limpet.port);
  const body = randomBytes(3000);
  client.send(ask("/", { method: "POST", fields: "Transfer-Encoding: chunked\r\n" }));
  const chunks = [body.subarray(0, 1), body.subarray(1, 1000), body.subarray(1000)];
  const encoded = Buffer.concat(chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)};a=b\r\n`), chunk, Buffer.from("\r\n")]));
  for (let at = 0; at < encoded.length; at += 7) await client.send_all(encoded.subarray(at, at + 7));
  client.send("0\r\n\r\n");
  const answer = await client.read_message();
  assert.equal(answer.fields["x-coding"], "chunked");
  assert.equal(answer.fields["transfer-encoding"], "chunked");
  assert.deepEqual(answer.body, body);
  client.send(ask("/", { method: "POST", fields: "Content-Length: 2\r\n" }) + "ok");
  assert.equal((await client.read_message()).body.toString(), "ok", "the connection goes on behind the last chunk");
});

scenario("trailers pass both ways", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => {
    asked.resume().on("end", () => {
      answer.writeHead(200, { Trailer: "X-Sum" });
      answer.write("body");
      answer.addTrailers({ "X-Sum": `got ${asked.trailers["x-check"]}` });
      answer.end();
    });
  });
  const client = await stage.connect(limpet.port);
  client.send(ask("/", { method: "POST", fields: "Transfer-Encoding: chunked\r\nTrailer: X-Check\r\n" }) + "3\r\nabc\r\n0\r\nX-Check: 42\r\n\r\n");
  assert.match((await client.read_message()).trailers, /^X-Sum: got 42\r\n$/i);
});

scenario("answers without a body end with their head", async (stage) => {
  const script = {
    "/head": "200 OK\r\nContent-Length: 1000",
    "/204": "204 No Content",
    "/304": '304 Not Modified\r\nETag: "x"\r\nContent-Length: 1000',
  };
  const backend = await stage.script_backend(async (connection) => {
    for (;;) connection.send(`HTTP/1.1 ${script[(await connection.read_head()).target]}\r\n\r\n`);
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  const client = await stage.connect(limpet.port);
  for (const [path, method] of [["/head", "HEAD"], ["/204", "GET"], ["/304", "GET"], ["/head", "HEAD"]]) {
    client.send(ask(path, { method }));
    const answer = await client.read_message({ bodiless: true });
    assert.ok(answer.line.startsWith(`HTTP/1.1 ${script[path].slice(0, 3)}`));
    if (path !== "/204") assert.equal(answer.fields["content-length"], "1000");
  }
  assert.equal(client.bytes.length, 0);
});

scenario("a client that expects 100 gets it from the backend before it sends its body", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => asked.pipe(answer));
  const client = await stage.connect(limpet.port);
  client.send(ask("/", { method: "POST", fields: "Content-Length: 4\r\nExpect: 100-continue\r\n" }));
  assert.equal((await client.read_head()).status, 100);
  client.send("body");
  assert.equal((await client.read_message()).body.toString(), "body");
});

scenario("a backend that refuses an expectation is heard without the body", async (stage) => {
  const backend = await stage.script_backend(async (connection) => {
    await connection.read_head();
    connection.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno");
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  const client = await stage.connect(limpet.port);
  client.send(ask("/", { method: "POST", fields: "Content-Length: 4\r\nExpect: 100-continue\r\n" }));
  const answer = await client.read_message();
  assert.deepEqual([answer.status, answer.body.toString()], [417, "no"]);
});

scenario("early hints reach the client before the answer is there", async (stage) => {
  let answer_now;
  const { limpet } = await behind_limpet(stage, (_, answer) => {
    answer.writeEarlyHints({ link: "</style.css>; rel=preload" });
    answer_now = () => answer.end("page");
  });
  const client = await stage.connect(limpet.port);
  client.send(ask("/"));
  const hints = await client.read_head();
  assert.equal(hints.status, 103);
  assert.match(hints.fields.link, /style\.css/);
  answer_now();
  assert.equal((await client.read_message()).body.toString(), "page");
});

scenario("each server-sent event arrives before the next one is sent", async (stage) => {
  let stream;
  const { limpet } = await behind_limpet(stage, (_, answer) => {
    answer.writeHead(200, { "Content-Type": "text/event-stream" });
    answer.flushHeaders();
    stream = answer;
  });
  const client = await stage.connect(limpet.port);
  client.send(ask("/events"));
  await client.read_head();
  for (let i = 0; i < 50; ++i) {
    stream.write(`data: ${i}\n\n`);
    await client.read_through(`data: ${i}\n\n\r\n`);
  }
});

scenario("pieces of a body with a length are passed on at once", async (stage) => {
  let stream;
  const { limpet } = await behind_limpet(stage, (_, answer) => {
    answer.writeHead(200, { "Content-Length": "20" });
    answer.flushHeaders();
    stream = answer;
  });
  const client = await stage.connect(limpet.port);
  client.send(ask("/"));
  await client.read_head();
  for (let i = 0; i < 10; ++i) {
    stream.write(`${i};`);
    await client.read_through(`${i};`);
  }
});

scenario("the pieces of an upload reach the backend at once", async (stage) => {
  let upload;
  const { limpet } = await behind_limpet(stage, (asked, answer) => {
    upload = "";
    asked.on("data", (piece) => (upload += piece));
    asked.on("end", () => answer.end("thanks"));
  });
  const client = await stage.connect(limpet.port);
  client.send(ask("/", { method: "POST", fields: "Content-Length: 20\r\n" }));
  for (let i = 0; i < 10; ++i) {
    client.send(`${i};`);
    await until(() => upload?.endsWith(`${i};`));
  }
  assert.equal((await client.read_message()).body.toString(), "thanks");
});

scenario("an HTTP/1.0 client is answered as it understands", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => {
    if (asked.url === "/hints") answer.writeEarlyHints({ link: "</style.css>; rel=preload" });
    answer.write("in ");
    answer.end("chunks");
  });
  const client = await stage.connect(limpet.port);
  client.send(ask("/hints", { version: "1.0" }));
  const answer = await client.read_message();
  assert.equal(answer.status, 200);
  assert.equal(answer.fields["transfer-encoding"], undefined);
  assert.equal(answer.body.toString(), "in chunks");
  assert.equal(await client.ending(), "end");
});

scenario("an HTTP/1.0 client may keep its connection where the length is known", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => {
    answer.setHeader("Content-Length", asked.url.length);
    answer.end(asked.url);
  });
  const client = await stage.connect(limpet.port);
  for (const path of ["/one", "/two"]) {
    client.send(ask(path, { version: "1.0", fields: "Connection: keep-alive\r\n" }));
    const answer = await client.read_message();
    assert.equal(answer.body.toString(), path);
    assert.match(answer.fields.connection, /keep-alive/i);
  }
});

scenario("a request is served by the next backend when one refuses, whatever its method", async (stage) => {
  const well = await stage.serve_http((asked, answer) => asked.pipe(answer));
  const backends = [await refusing_backend("r1"), await refusing_backend("r2"), well];
  const limpet = await stage.start_limpet({ backends, health: kNoProbes });
  for (let i = 0; i < 12; ++i) {
    const method = i % 2 ? "POST" : "PUT";
    const answer = await request(limpet.url, { method, body: "data" });
    assert.deepEqual([answer.status, answer.body.toString()], [200, "data"]);
    assert.equal((await get(limpet.url)).status, 200);
  }
});

scenario("a request that may be repeated is, when a backend resets before it answers", async (stage) => {
  const resetting = await stage.script_backend(async (connection) => {
    await connection.read_head();
    connection.reset();
  });
  const well = await stage.serve_http((_, answer) => answer.end("well"));
  const limpet = await stage.start_limpet({ backends: [resetting, well], health: kNoProbes });
  for (let i = 0; i < 40; ++i) assert.equal((await get(limpet.url)).body.toString(), "well");
  assert.ok(resetting.connections.length > 0, "the resetting one was tried");
});

scenario("an answer that comes before the upload is complete reaches the client", async (stage) => {
  const backend = await stage.script_backend(async (connection) => {
    await connection.read_head();
    connection.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nless").finish();
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: kNoProbes });
  const client = await stage.connect(limpet.port);
  client.send(ask("/", { method: "POST", fields: "Content-Length: 50000000\r\n" }), Buffer.alloc(50_000_000));
  const answer = await client.read_message();
  assert.deepEqual([answer.status, answer.body.toString()], [413, "less"]);
});

scenario("a client that ends its side after the request still gets the answer", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => setTimeout(() => answer.end("well"), 100));
  const client = await stage.connect(limpet.port);
  client.send(ask("/")).finish();
  assert.equal((await client.read_message()).body.toString(), "well");
  assert.equal(await client.ending(), "end");
});

scenario("a client that leaves takes its request away from the backend", async (stage) => {
  let gone = false;
  const { backend, limpet } = await behind_limpet(stage, (asked) => asked.socket.on("close", () => (gone = true)));
  const client = await stage.connect(limpet.port);
  client.send(ask("/"));
  await until(() => backend.connections === 1);
  client.reset();
  await until(() => gone);
});

scenario("many clients at once each get their own answer", async (stage) => {
  const { limpet } = await behind_limpet(stage, (asked, answer) => asked.pipe(answer.writeHead(200, { "X-Path": asked.url })));
  const agent = new (module_of(limpet.url).Agent)({ keepAlive: true, maxSockets: 50 });
  stage.add({ stop: () => agent.destroy() });
  const answers = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const answer = await request(`${limpet.url}/${i}`, { method: "POST", body: `body ${i}`, agent });
      return answer.headers["x-path"] === `/${i}` && answer.body.toString() === `body ${i}`;
    }),
  );
  assert.ok(answers.every(Boolean));
});
