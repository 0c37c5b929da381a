// Messages that are published reach every matching client, between the messages of its backend.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Opcode, make_frame, take_frame } from "./support/frames.mjs";
import { request } from "./support/http_client.mjs";
import { limpet_command } from "./support/limpet.mjs";
import { call, edit, reload } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { tunnels } from "./support/tunnel.mjs";
import { until, until_still } from "./support/until.mjs";

const publish = { enabled: true };
const tell = (limpet, body, options) => call(limpet, "POST", "/v1/publish", body, options);
const totals = async (limpet) => (await limpet.admin.json("/v1/status")).totals;

async function echo_servers(stage, settings, ...names) {
  const backends = await stage.start_servers("websocket", ...names);
  return stage.start_limpet({ backends, publish, ...settings });
}

scenario("text and binary messages arrive at clients with and without compression", async (stage) => {
  const limpet = await echo_servers(stage, {}, "w1");
  const plain = await stage.open_websocket(limpet.ws_url);
  const deflating = await stage.open_websocket(limpet.ws_url, { perMessageDeflate: { threshold: 0 } });
  assert.match(deflating.socket.extensions, /permessage-deflate/);
  const bytes = randomBytes(40_000);
  for (const client of [plain, deflating]) assert.equal(await client.echo("compress me ".repeat(1000)), "compress me ".repeat(1000));
  const counts = { matched: 2, sent: 2, queued: 0, dropped: 0, nodes: 1 };
  assert.deepEqual(await tell(limpet, { text: "grüße, 世界 🐚" }), counts);
  assert.deepEqual(await tell(limpet, { base64: bytes.toString("base64") }), counts);
  assert.deepEqual(await tell(limpet, { text: "" }), counts);
  for (const client of [plain, deflating]) {
    assert.equal((await client.message()).text, "grüße, 世界 🐚");
    const binary = await client.message();
    assert.equal(binary.is_binary, true);
    assert.deepEqual(binary.data, bytes);
    assert.equal((await client.message()).text, "");
    assert.equal(await client.echo("compress me again"), "compress me again"); // the window of the codec is not disturbed
  }
  const { publications, published_sent, published_dropped } = await totals(limpet);
  assert.deepEqual({ publications, published_sent, published_dropped }, { publications: 3, published_sent: 6, published_dropped: 0 });
});

scenario("200 clients on two workers get each message once, in order", async (stage) => {
  const limpet = await echo_servers(stage, { workers: 2 }, "w1", "w2");
  const clients = await Promise.all(Array.from({ length: 200 }, () => stage.open_websocket(limpet.ws_url)));
  const texts = Array.from({ length: 20 }, (_, i) => `news ${i}`);
  for (const text of texts) assert.deepEqual(await tell(limpet, { text }), { matched: 200, sent: 200, queued: 0, dropped: 0, nodes: 1 });
  for (const client of clients) {
    for (const text of texts) assert.equal((await client.message()).text, text);
    assert.equal(await client.echo("nothing else"), "nothing else");
  }
});

scenario("filters by pool, backend, route and key reach those clients and no others", async (stage) => {
  const [w1, w2, c1] = await stage.start_servers("websocket", "w1", "w2", "c1");
  const limpet = await stage.start_limpet({
    backends: [w1, w2],
    pools: { chat: { backends: [c1] } },
    routes: [{ path: "/chat/quiet", pool: "chat" }, { path: "/chat", pool: "chat" }, { host: "web.example", pool: "default" }],
    affinity: { by: "header:x-user" },
    publish,
  });
  const users = ["ann", "bob", "cleo", "dan", "eve", "fay"];
  const open = (user, path) => stage.open_websocket(limpet.ws_url + path, { headers: { "X-User": user } });
  const web = await Promise.all(users.map((user) => open(user, "/")));
  const chat = await Promise.all(users.map((user) => open(user, "/chat")));
  const quiet = [await open("gil", "/chat/quiet/1")];
  const everybody = [...web, ...chat, ...quiet];
  const expect = async (filter, wanted) => {
    const text = JSON.stringify(filter);
    const { matched, sent } = await tell(limpet, { text, ...filter });
    assert.deepEqual({ matched, sent }, { matched: wanted.length, sent: wanted.length }, text);
    for (const client of wanted) assert.equal((await client.message()).text, text);
    for (const client of everybody) assert.equal(await client.echo("quiet"), "quiet", text);
  };
  const on_w1 = web.filter(({ backend }) => backend === "w1");
  assert.ok(on_w1.length > 0 && on_w1.length < web.length);
  await expect({}, everybody);
  await expect({ pool: "chat" }, [...chat, ...quiet]);
  await expect({ pool: "default" }, web);
  await expect({ backend: "w1" }, on_w1);
  await expect({ backend: "c1", pool: "chat" }, [...chat, ...quiet]);
  await expect({ route: "/chat" }, chat);
  await expect({ route: "/chat/quiet" }, quiet);
  await expect({ route: "/chat", key: "bob" }, [chat[1]]);
  await expect({ route: "web.example" }, []);
  await expect({ key: "bob" }, [web[1], chat[1]]);
  await expect({ key: "bob", pool: "chat" }, [chat[1]]);
  await expect({ key: "nobody" }, []);

  // A session is known by its route after a reload, wherever that stands then, for as long as it is configured.
  edit(limpet, (settings) => (settings.routes = [{ path: "/new", pool: "default" }, { path: "/chat", pool: "chat" }]));
  await reload(limpet);
  await expect({ route: "/chat" }, chat);
  const refused = await tell(limpet, { text: "m", route: "/chat/quiet" }, { status: 404 });
  assert.deepEqual([refused.error, refused.detail], ["no_such_route", "no route is written as /chat/quiet; there are: /new, /chat"]);
  const told = await limpet_command("publish", "by command", "--route", "/chat", "--admin", limpet.admin.url);
  assert.match(told.stdout, /^6 sessions: 6 sent/);
});

scenario("nothing is published unless the configuration says so, and a reload changes that", async (stage) => {
  const limpet = await echo_servers(stage, { publish: {} }, "w1");
  const client = await stage.open_websocket(limpet.ws_url);
  const off = await tell(limpet, { text: "news" }, { status: 403 });
  assert.equal(off.error, "publish_off");
  assert.match(off.detail, /publish\.enabled/);
  edit(limpet, (settings) => (settings.publish = { enabled: true, max_bytes: "10" }));
  const { changes } = await reload(limpet);
  assert.deepEqual(changes.map(({ key }) => key).sort(), ["publish.enabled", "publish.max_bytes"]);
  assert.equal((await tell(limpet, { text: "0123456789" })).sent, 1);
  assert.equal((await client.message()).text, "0123456789");
  assert.equal((await tell(limpet, { text: "0123456789a" }, { status: 413 })).error, "too_large");
});

scenario("what cannot be published is answered with a word", async (stage) => {
  const limpet = await echo_servers(stage, { publish: { enabled: true, rate: "2/h" } }, "w1");
  const refused = async (body, status) => (await tell(limpet, body, { status })).error;
  assert.equal(await refused({}, 400), "message");
  assert.equal(await refused({ text: "a", base64: "YQ==" }, 400), "message");
  assert.equal(await refused({ base64: "?" }, 400), "base64");
  assert.equal(await refused({ text: "a", to: "all" }, 400), "body");
  assert.equal(await refused({ text: "a", pool: "nobody" }, 404), "pool");
  assert.equal(await refused({ text: "a", backend: "nobody" }, 404), "backend");
  assert.equal(await refused({ text: "a".repeat(65_537) }, 413), "too_large");
  const headers = { "Content-Type": "application/json" };
  const bytes = await request(`${limpet.admin.url}/v1/publish`, { method: "POST", headers, body: Buffer.from('{"text":"\xff"}', "latin1") });
  assert.equal(bytes.status, 400);
  assert.equal(JSON.parse(bytes.body).error, "utf8");
  for (let i = 0; i < 2; ++i) assert.equal((await tell(limpet, { text: "let in" })).matched, 0); // none of those above counted
  const body = JSON.stringify({ text: "one too many" });
  const fast = await request(`${limpet.admin.url}/v1/publish`, { method: "POST", headers, body });
  assert.equal(fast.status, 429);
  assert.equal(JSON.parse(fast.body).error, "rate");
  const wait = Number(fast.headers["retry-after"]);
  assert.ok(wait > 1700 && wait <= 1800, `Retry-After: ${wait}`);
});

scenario("a client that does not read loses what its queue cannot hold, counted, and the others nothing", async (stage) => {
  const { limpet, open } = await tunnels(stage, { publish: { enabled: true, queue: "200KiB" }, workers: 1 });
  const slow = await open();
  const quick = await open();
  slow.client.socket.pause();
  const text = "x".repeat(60_000);
  const numbered = (n) => `${n} ${text}`;
  let published = 0;
  let kept = 0;
  for (let dropped = 0; dropped < 3; ++published) {
    assert.ok(published < 2000, "the system takes no more than this for a client that does not read");
    const counts = await tell(limpet, { text: numbered(published) });
    assert.equal(counts.matched, 2);
    assert.equal(counts.sent + counts.queued + counts.dropped, 2);
    dropped += counts.dropped;
    if (dropped === 0) kept = published + 1;
    assert.equal((await quick.client.read_frame()).payload.toString(), numbered(published));
  }
  assert.equal((await totals(limpet)).published_dropped, 3);
  slow.client.socket.resume();
  for (let n = 0; n < kept; ++n) assert.equal((await slow.client.read_frame()).payload.toString(), numbered(n));
  await tell(limpet, { text: "again" });
  assert.equal((await slow.client.read_frame()).payload.toString(), "again");
  assert.equal((await totals(limpet)).published_sent, published + kept + 2);
});

scenario("where slow clients are waited for nothing is lost and who publishes waits", async (stage) => {
  const slow_client = "wait";
  const { limpet, open } = await tunnels(stage, { publish: { enabled: true, queue: "0", slow_client }, workers: 1 });
  const { client } = await open();
  client.socket.pause();
  const numbered = (n) => `${n} ${"x".repeat(60_000)}`;
  let answered = 0;
  const publishing = (async () => {
    for (; ; ++answered) {
      const counts = await tell(limpet, { text: numbered(answered) });
      assert.equal(counts.dropped, 0);
      if (client.is_read) return;
    }
  })();
  await until_still(() => answered);
  client.is_read = true;
  client.socket.resume();
  await publishing;
  for (let n = 0; n <= answered; ++n) assert.equal((await client.read_frame()).payload.toString(), numbered(n));
  assert.equal((await totals(limpet)).published_dropped, 0);
});

scenario("traffic at full speed passes byte by byte while messages are published into it", async (stage) => {
  const kFrames = 3000;
  const { limpet, open } = await tunnels(stage, { publish });
  const { client, backend } = await open();
  const sent = [];
  for (let n = 0; n < kFrames; ++n) {
    const size = [3, 125, 1000, 20_000, 70_000][n % 5];
    const payload = Buffer.alloc(size, n);
    const binary = { opcode: Opcode.Binary, payload };
    if (n % 3 > 0) {
      sent.push(make_frame(binary));
      continue;
    }
    const half = size >> 1;
    sent.push(make_frame({ ...binary, payload: payload.subarray(0, half), fin: false }));
    sent.push(make_frame({ opcode: Opcode.Ping, payload: "in between" }));
    sent.push(make_frame({ opcode: Opcode.Continuation, payload: payload.subarray(half) }));
  }
  const stream = Buffer.concat(sent);
  const pieces = [];
  const seen = { published: [], in_message: false };
  client.socket.removeAllListeners("data");
  client.socket.on("data", (piece) => pieces.push(piece));
  const all_sent = backend.send_all(stream);
  let published = 0;
  const received = () => pieces.reduce((sum, piece) => sum + piece.length, 0);
  while (received() < stream.length) {
    const { dropped } = await tell(limpet, { text: `published ${published}` });
    assert.equal(dropped, 0);
    published += 1;
  }
  await all_sent;
  assert.ok(published > 3, `only ${published} were published meanwhile`);
  await until(() => Buffer.concat(pieces).includes(`published ${published - 1}`));

  let rest = Buffer.concat([client.bytes, ...pieces]);
  const relayed = [];
  for (let found; (found = take_frame(rest)); rest = rest.subarray(found.size)) {
    const { opcode, fin, payload } = found.frame;
    if (opcode === Opcode.Text) {
      assert.equal(seen.in_message, false, "a published message stands among the fragments of another");
      seen.published.push(payload.toString());
      continue;
    }
    relayed.push(rest.subarray(0, found.size));
    if (opcode < 8) seen.in_message = !fin;
  }
  assert.equal(rest.length, 0);
  assert.ok(Buffer.concat(relayed).equals(stream), "what the backend sent is what the client got");
  assert.deepEqual(seen.published, Array.from({ length: published }, (_, n) => `published ${n}`));
});

scenario("a session that is told to go gets its Close and nothing behind it", async (stage) => {
  const { limpet, open } = await tunnels(stage, { publish });
  const { client } = await open();
  await call(limpet, "DELETE", `/v1/sessions/${(await limpet.admin.sessions())[0].id}`);
  assert.equal((await client.read_frame()).opcode, Opcode.Close);
  assert.equal((await tell(limpet, { text: "too late" })).matched, 0);
  client.send_frame({ opcode: Opcode.Close, payload: Buffer.from([3, 232]), masked: true });
  assert.equal((await client.read_to_end()).length, 0);
});

scenario("limpet publish sends texts and files, and tells what has become of them", async (stage) => {
  const limpet = await echo_servers(stage, {}, "w1");
  const client = await stage.open_websocket(limpet.ws_url);
  const file = join(limpet.folder, "message.bin");
  writeFileSync(file, Buffer.from([0, 255, 128]));
  const command = (...args) => limpet_command("publish", "--admin", limpet.admin.url, ...args);
  const text = await command("grüße", "--backend", "w1");
  assert.deepEqual([text.code, text.stdout], [0, "1 sessions: 1 sent, 0 queued, 0 dropped\n"]);
  assert.equal((await client.message()).text, "grüße");
  const binary = await command("--binary-file", file, "--json");
  assert.deepEqual(JSON.parse(binary.stdout), { matched: 1, sent: 1, queued: 0, dropped: 0, nodes: 1 });
  assert.deepEqual((await client.message()).data, Buffer.from([0, 255, 128]));
  assert.equal((await command("--base64", "AP+A", "--pool", "default")).code, 0);
  assert.deepEqual((await client.message()).data, Buffer.from([0, 255, 128]));
  const nobody = await command("hello", "--pool", "nobody");
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /no pool named "nobody"/);
  assert.equal((await command()).code, 2);
  assert.equal((await command("a", "--base64", "YQ==")).code, 2);
  assert.equal((await command("--binary-file", join(limpet.folder, "missing"))).code, 2);
});
