// The client's true address behind proxies that do not speak HTTP, and in front of backends that want to hear it.
import assert from "node:assert/strict";
import { free_address, no_haproxy, start_haproxy } from "./support/haproxy.mjs";
import { get } from "./support/http_client.mjs";
import { v1_header, v2_header, v2_local, tlv } from "./support/proxy_headers.mjs";
import { edit, keys_of, reload } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { Succession } from "./support/succession.mjs";
import { until } from "./support/until.mjs";

const kRequest = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n";
const listeners = [{ bind: "127.0.0.1:0", proxy_protocol: "require" }];

// A limpet that asks for PROXY headers, before backends that answer with their name and the head they saw.
async function behind_proxy(stage, { names = ["b1"], ...settings } = {}) {
  const backends = await Promise.all(
    names.map((name) =>
      stage.serve_http((asked, answer) => answer.end(JSON.stringify({ name, headers: asked.headers })), { name }),
    ),
  );
  return stage.start_limpet({ listeners, backends, health: { probe: "none" }, ...settings });
}

async function ask(stage, limpet, ...pieces) {
  const client = await stage.connect(limpet.port);
  for (const piece of pieces) await client.send_all(piece);
  const { body } = await client.read_message();
  client.close();
  const told = JSON.parse(body);
  return { backend: told.name, from: told.headers["x-forwarded-for"], port: told.headers["x-forwarded-port"] };
}

async function ends(limpet, reason) {
  return (await limpet.admin.json("/v1/status")).totals.ends[reason] ?? 0;
}

scenario("whoever a PROXY header names is the client", async (stage) => {
  const limpet = await behind_proxy(stage);
  const named = { backend: "b1", from: "203.0.113.7", port: "443" };
  const source = "203.0.113.7:5000";
  assert.deepEqual(await ask(stage, limpet, v1_header(source), kRequest), named);
  assert.deepEqual(await ask(stage, limpet, v2_header(source), kRequest), named);
  const tlvs = [tlv(0x02, "a.test"), tlv(0xea, Buffer.alloc(500, 1))];
  assert.deepEqual(await ask(stage, limpet, Buffer.concat([v2_header(source, { tlvs }), Buffer.from(kRequest)])), named);
  const bytes = [...v2_header(source)].map((byte) => Buffer.from([byte]));
  assert.deepEqual(await ask(stage, limpet, ...bytes, kRequest), named);
  assert.equal((await ask(stage, limpet, v2_local, kRequest)).from, "127.0.0.1");
  assert.equal((await ask(stage, limpet, "PROXY UNKNOWN\r\n", kRequest)).from, "127.0.0.1");
});

scenario("a client behind a proxy keeps its backend by its own address", async (stage) => {
  const limpet = await behind_proxy(stage, { names: ["b1", "b2", "b3"], affinity: { by: "client_ip", balance: "hash" } });
  const seen = new Set();
  for (let i = 1; i <= 20; i += 1) {
    const first = await ask(stage, limpet, v1_header(`203.0.113.${i}:1000`), kRequest);
    const second = await ask(stage, limpet, v2_header(`203.0.113.${i}:2000`), kRequest);
    assert.equal(second.backend, first.backend);
    seen.add(first.backend);
  }
  assert.equal(seen.size, 3);
  const keys = (await limpet.admin.affinity()).map(({ key }) => key);
  assert.ok(keys.includes("203.0.113.20") && !keys.includes("127.0.0.1"));
});

scenario("limits count the client that a PROXY header names", async (stage) => {
  const [backend] = await stage.start_servers("websocket", "w");
  const limpet = await stage.start_limpet({ listeners, backends: [backend], limits: { sessions_per_client: 1 } });
  const upgrade =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  const status = async (source) => {
    const client = await stage.connect(limpet.port);
    client.send(v1_header(source), upgrade);
    return (await client.read_head()).status;
  };
  assert.equal(await status("203.0.113.1:1"), 101);
  assert.equal(await status("203.0.113.1:2"), 429);
  assert.equal(await status("203.0.113.2:1"), 101);
  const clients = (await limpet.admin.sessions()).map(({ client }) => client).sort();
  assert.match(clients[0], /^203\.0\.113\.1/);
  assert.match(clients[1], /^203\.0\.113\.2/);
});

scenario("from outside of trusted_proxies nobody gets a word", async (stage) => {
  const limpet = await behind_proxy(stage, { trusted_proxies: ["127.0.0.1/32"] });
  assert.equal((await ask(stage, limpet, v1_header("203.0.113.7:1"), kRequest)).from, "203.0.113.7");
  const stranger = await stage.connect(limpet.port, { localAddress: "127.0.0.2" });
  stranger.send(v1_header("203.0.113.7:1"), kRequest);
  assert.equal((await stranger.read_to_end()).length, 0);
  await until(async () => (await ends(limpet, "untrusted_proxy")) === 1);
});

scenario("what a client says of itself counts if the address in the header is trusted", async (stage) => {
  const limpet = await behind_proxy(stage, { trusted_proxies: ["127.0.0.1/32", "10.0.0.0/8"] });
  assert.equal((await ask(stage, limpet, v1_header("10.0.0.9:1"), kRequest)).from, "6.6.6.6, 10.0.0.9");
  assert.equal((await ask(stage, limpet, v1_header("203.0.113.7:1"), kRequest)).from, "203.0.113.7");
});

scenario("garbage, slowness and floods in place of a header end without an answer, and nobody else notices", async (stage) => {
  const limpet = await behind_proxy(stage, { timeouts: { head: "500ms" } });
  const client = await stage.connect(limpet.port);
  client.send(v1_header("203.0.113.7:1"));
  const garbage = ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x00\xa5", "PROXY TCP4 1.2.3.4\r\n", Buffer.alloc(70_000, "P")];
  for (const bytes of garbage) {
    const stranger = await stage.connect(limpet.port);
    stranger.send(bytes);
    assert.equal((await stranger.read_to_end()).length, 0);
  }
  await until(async () => (await ends(limpet, "bad_proxy_header")) === garbage.length);
  const slow = await Promise.all(Array.from({ length: 200 }, () => stage.connect(limpet.port)));
  slow.forEach((one) => one.send("PROXY "));
  const said = await Promise.all(slow.map((one) => one.read_to_end()));
  assert.ok(said.every((bytes) => bytes.length === 0));
  await until(async () => (await ends(limpet, "proxy_header_timeout")) === slow.length);
  assert.equal((await ask(stage, limpet, v1_header("203.0.113.7:1"), kRequest)).from, "203.0.113.7");
});

scenario("a backend hears who the client is before anything else, and a probe says that it is limpet's", async (stage) => {
  // What stands before the request, as text.
  const readers = {
    v1: async (connection) => connection.read_through("\r\n"),
    v2: async (connection) => {
      const fixed = Buffer.from(await connection.read(16));
      return Buffer.concat([fixed, await connection.read(fixed.readUInt16BE(14))]).toString("latin1");
    },
  };
  for (const [version, own, named] of [
    ["v1", "PROXY UNKNOWN\r\n", /^PROXY TCP4 127\.0\.0\.5 127\.0\.0\.1 \d+ \d+\r\n$/],
    ["v2", v2_local.toString("latin1"), /QUIT\n\x21\x11\0\x0c\x7f\0\0\x05\x7f\0\0\x01.{4}$/s],
  ]) {
    const begins = [];
    const backend = await stage.script_backend(async (connection) => {
      const begin = await readers[version](connection);
      begins.push(begin);
      if (begin === own) return;
      await connection.read_head();
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const limpet = await stage.start_limpet({ backends: [{ ...backend.as_backend(), send_proxy: version }] });
    await until(() => begins.includes(own));
    assert.equal((await get(limpet.url, { from: "127.0.0.5" })).body.toString(), "ok");
    assert.match(
      begins.find((begin) => begin !== own),
      named,
    );
  }
});

for (const [how, options] of [
  ["version 1", "send-proxy"],
  ["version 2", "send-proxy-v2"],
  ["version 2 with a checksum", "send-proxy-v2 proxy-v2-options crc32c"],
]) {
  scenario(`HAProxy tells limpet the client by ${how}`, async (stage) => {
    const limpet = await behind_proxy(stage);
    const listen = await free_address();
    await start_haproxy(stage, { listen, to: `${limpet.address} ${options}` });
    const { headers } = JSON.parse((await get(`http://${listen}`, { from: "127.0.0.77" })).body);
    assert.equal(headers["x-forwarded-for"], "127.0.0.77");
    assert.equal(headers["x-forwarded-port"], listen.split(":")[1]);
  }, { skip: no_haproxy });
}

for (const version of ["v1", "v2"]) {
  scenario(`limpet tells HAProxy the client by ${version}, requests, WebSockets and probes`, async (stage) => {
    const backend = await stage.start_server("websocket", "w");
    const told = await stage.serve_http((asked, answer) => answer.end(JSON.stringify(asked.headers)));
    const start = async (to) => {
      const listen = await free_address();
      const rules = ["http-request set-header X-Source %[src]", "http-request set-header X-Port %[dst_port]"];
      await start_haproxy(stage, { listen: `${listen} accept-proxy`, to, mode: "http", rules });
      return stage.start_limpet({ backends: [{ address: listen, send_proxy: version }], health: { probe: "http", expect: "200-499" } });
    };
    const limpet = await start(told.address);
    for (const from of ["127.0.0.5", "127.0.0.6", "127.0.0.5"]) {
      const headers = JSON.parse((await get(limpet.url, { from })).body);
      assert.equal(headers["x-source"], from);
      assert.equal(headers["x-port"], String(limpet.port));
    }
    const sockets = await start(`${backend.host}:${backend.port}`);
    const client = await stage.open_websocket(sockets.ws_url);
    assert.equal(await client.echo("hello"), "hello");
  }, { skip: no_haproxy });
}

scenario("a reload stops asking for a PROXY header on the same socket, and whoever came with one stays who it is", async (stage) => {
  const limpet = await behind_proxy(stage, { workers: 1 });
  const kept = await stage.connect(limpet.port);
  const ask_again = async () => {
    kept.send(kRequest);
    const { headers } = JSON.parse((await kept.read_message()).body);
    return headers["x-forwarded-for"];
  };
  kept.send(v1_header("203.0.113.7:5000"));
  assert.equal(await ask_again(), "203.0.113.7");
  // Who waits for a header's end is heard by the rule it came under.
  const waiting = await stage.connect(limpet.port);
  const header = v2_header("203.0.113.8:5000");
  await waiting.send_all(header.subarray(0, 10));
  await until(async () => (await limpet.admin.json("/v1/status")).totals.connections === 2, { what: "both are accepted" });
  edit(limpet, (settings) => (settings.listeners[0].proxy_protocol = "off"));
  assert.deepEqual(keys_of((await reload(limpet)).changes), ["changed listeners.127.0.0.1:0.proxy_protocol"]);
  assert.equal(limpet.events("listening").length, 2, "nothing was bound anew");

  // The worker may hear of it a moment after us.
  await until(async () => (await ask(stage, limpet, kRequest)).from === "127.0.0.1", { what: "nobody is asked" });
  const mistaken = await stage.connect(limpet.port);
  mistaken.send(v1_header("203.0.113.7:5000"), kRequest);
  assert.equal((await mistaken.read_message()).status, 400);
  assert.equal(await ask_again(), "203.0.113.7");
  waiting.send(header.subarray(10), kRequest);
  assert.equal(JSON.parse((await waiting.read_message()).body).headers["x-forwarded-for"], "203.0.113.8");
});

scenario("a reload asks newcomers for a PROXY header, live sessions stay, and an upgrade goes on asking", async (stage) => {
  const [backend] = await stage.start_servers("websocket", "w");
  const limpet = await stage.start_limpet({ workers: 1, backends: [backend], upgrade: { grace: "0s" } });
  await limpet.admin.until_health("w", "up");
  const session = await stage.open_websocket(limpet.ws_url);
  edit(limpet, (settings) => (settings.listeners[0].proxy_protocol = "require"));
  assert.deepEqual(keys_of((await reload(limpet)).changes), ["changed listeners.127.0.0.1:0.proxy_protocol"]);
  assert.equal(await session.echo("still here"), "still here");

  const is_answered = async (...pieces) => {
    const client = await stage.connect(limpet.port);
    client.send(...pieces, "GET /nothing HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const answer = await client.read_message().catch(() => undefined);
    client.close();
    return answer !== undefined;
  };
  const check = async () => {
    assert.equal(await is_answered(), false);
    assert.equal(await is_answered(v2_header("203.0.113.7:5000")), true);
  };
  // The worker may hear of it a moment after us.
  await until(async () => !(await is_answered()), { what: "a header is asked for" });
  await check();
  await new Succession(stage, limpet).upgrade();
  await check();
});
