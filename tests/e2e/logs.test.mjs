// The log of the real binary: what a session leaves in it, where it goes when files are renamed and disks are full.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./support/child.mjs";
import { get } from "./support/http_client.mjs";
import { kBinary } from "./support/limpet.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNoPrlimit = spawnSync("prlimit", ["--version"]).status === 0 ? false : "skipped: no prlimit (util-linux)";

// A website whose backend tells by which name it was asked.
async function website(stage, settings = {}) {
  const asked = [];
  const backend = await stage.serve_http((request, answer) => {
    asked.push(request.headers["x-request-id"]);
    answer.end("well");
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" }, ...settings });
  return { limpet, asked, admin: limpet.admin };
}

// One whose log does not tell where it listens: at paths that are known.
async function start_at_paths(stage, settings) {
  const backend = await stage.serve_http((_, answer) => answer.end("well"));
  const folder = stage.folder();
  const [file, listener, admin] = ["limpet.yaml", "http", "admin"].map((name) => join(folder, name));
  const configuration = {
    listeners: [{ bind: `unix:${listener}` }],
    admin: { bind: `unix:${admin}` },
    backends: [backend.as_backend()],
    affinity: { by: "none" },
    health: { probe: "none" },
    ...settings,
  };
  writeFileSync(file, JSON.stringify(configuration));
  const limpet = new Child(kBinary, ["run", file]);
  stage.add({ stop: () => limpet.kill() });
  const ask = (path) => get(`http://localhost${path}`, { socketPath: listener });
  const ask_admin = (path) => get(`http://localhost${path}`, { socketPath: admin });
  await until(async () => (await ask_admin("/readyz")).status === 200, { what: "limpet is ready" });
  return { limpet, ask, ask_admin };
}

const lines_of = (file) => readFileSync(file, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
const has_event = (file, name) => lines_of(file).some(({ event }) => event === name);
const lost = async (admin) => (await admin.json("/v1/status")).totals.log_lines_lost;

// The one event of that name, once it is there.
async function event(limpet, name) {
  const [first] = await until(() => limpet.events(name).length > 0 && limpet.events(name), { what: `a line ${name}` });
  return first;
}

scenario("a session is known by one name in its lines and in the admin endpoint", async (stage) => {
  const [server] = await stage.start_servers("websocket", "w1");
  const limpet = await stage.start_limpet({ backends: [server], trusted_proxies: ["127.0.0.50"] });
  const client = await stage.open_websocket(`${limpet.ws_url}/chat?token=not-for-logs`, {
    from: "127.0.0.50",
    headers: { "X-Request-Id": "edge-7f3a", "X-Forwarded-For": "203.0.113.9" },
  });
  await client.echo("hello");
  const [session] = await limpet.admin.sessions();
  assert.equal(session.request_id, "edge-7f3a");
  assert.equal(session.client, "203.0.113.9", "not the proxy");
  await client.end(1000);
  const opened = await event(limpet, "session_open");
  const ended = await event(limpet, "session_end");
  const common = { session: session.id, request_id: "edge-7f3a", backend: "w1", client: "203.0.113.9", key: session.key, affinity: "balance" };
  for (const [name, value] of Object.entries(common)) {
    assert.equal(opened[name], value, `session_open ${name}`);
    assert.equal(ended[name], value, `session_end ${name}`);
  }
  assert.equal(opened.request, "GET /chat");
  assert.deepEqual([ended.reason, ended.by], ["client_closed", "client"]);
  assert.deepEqual([ended.messages_from_client, ended.messages_from_backend], [1, 1]);
  assert.ok(ended.bytes_from_client > 5 && ended.bytes_from_backend > 5);
  assert.ok(ended.duration_s >= 0 && ended.duration_s < 60);
});

scenario("a request's name is made unless a trusted proxy has given it, and is in the line of the request", async (stage) => {
  const { limpet, asked } = await website(stage, { trusted_proxies: ["127.0.0.50"] });
  const ask = async (from, id) => {
    const before = limpet.events("request").length;
    await get(`${limpet.url}/page`, { from, headers: id ? { "X-Request-Id": id } : {} });
    await until(() => limpet.events("request").length > before);
    const line = limpet.events("request").at(-1);
    assert.equal(line.request_id, asked.at(-1), "the backend and the log have the same");
    return line.request_id;
  };
  assert.equal(await ask("127.0.0.50", "edge-1"), "edge-1");
  const made = [await ask("127.0.0.50"), await ask("127.0.0.50", "two words"), await ask("127.0.0.51", "mine"), await ask("127.0.0.51")];
  for (const id of made) assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(new Set(made).size, made.length);
});

scenario("the line of a request that limpet answers itself has its name too", async (stage) => {
  const { limpet } = await website(stage, { backends: ["127.0.0.1:1"], retries: 0 });
  assert.equal((await get(limpet.url)).status, 503);
  const line = await event(limpet, "request");
  assert.deepEqual([line.status, line.reason], [503, "backend_unreachable"]);
  assert.match(line.request_id, /^[0-9a-f]{32}$/);
});

scenario("USR1 has a renamed log file followed by a new one", async (stage) => {
  const file = join(stage.folder(), "limpet.log");
  const { limpet, admin } = await website(stage, { log: { file } });
  await get(limpet.url);
  await until(() => has_event(file, "request"));
  renameSync(file, `${file}.1`);
  limpet.signal("SIGUSR1");
  await until(() => has_event(file, "log_reopened"), { what: "a new file" });
  await get(limpet.url);
  await until(() => has_event(file, "request"));
  assert.equal(lines_of(`${file}.1`).filter(({ event: name }) => name === "request").length, 1);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.equal(await lost(admin), 0);
});

scenario("USR1 without a log file does nothing", async (stage) => {
  const { limpet } = await website(stage);
  limpet.signal("SIGUSR1");
  assert.equal((await get(limpet.url)).status, 200);
  assert.deepEqual(limpet.events("log_reopened"), []);
});

scenario("a log on a full device costs its lines and nothing else", async (stage) => {
  const { ask, ask_admin } = await start_at_paths(stage, { log: { file: "/dev/full" } });
  for (let i = 0; i < 5; ++i) assert.equal((await ask("/")).status, 200);
  const lost_lines = async () => JSON.parse((await ask_admin("/v1/status")).body).totals.log_lines_lost;
  await until(async () => (await lost_lines()) >= 5, { what: "the lines are counted" });
  assert.match((await ask_admin("/metrics")).body.toString(), new RegExp(`^limpet_log_lines_lost_total ${await lost_lines()}$`, "m"));
});

scenario("a disk that is full for a while loses lines, tells how many, and goes on", async (stage) => {
  const file = join(stage.folder(), "limpet.log");
  const { limpet, admin } = await website(stage, { log: { file } });
  const allow = (bytes) => assert.equal(spawnSync("prlimit", ["--pid", String(limpet.pid), `--fsize=${bytes}:unlimited`]).status, 0);
  allow(statSync(file).size + 100);
  for (let i = 0; i < 5; ++i) assert.equal((await get(limpet.url)).status, 200);
  await until(async () => (await lost(admin)) === 4, { what: "one line is torn, four are lost" });
  allow("unlimited");
  await get(limpet.url);
  await until(() => has_event(file, "log_lines_lost"), { what: "it tells" });
  const lines = lines_of(file);
  const told = lines.filter(({ event: name }) => name === "log_lines_lost");
  assert.deepEqual(told.map(({ queue_full, not_written }) => [queue_full, not_written]), [[0, 4]]);
  assert.equal(lines.filter(({ event: name }) => name === "request").length, 2, "the torn line was completed");
}, { skip: kNoPrlimit });

scenario("the text format has the same events in words", async (stage) => {
  const file = join(stage.folder(), "limpet.log");
  const { ask } = await start_at_paths(stage, { log: { file, format: "text" } });
  await ask("/a");
  const line = await until(() => readFileSync(file, "utf8").split("\n").find((text) => text.includes(" request ")));
  assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z info {4}request request="GET \/a" request_id=[0-9a-f]{32} status=200 reason=completed /);
});
