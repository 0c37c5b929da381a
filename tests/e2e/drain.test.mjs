// How sessions are sent away: by an operator's word about a backend, a session or a client, and when limpet leaves.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Opcode } from "./support/frames.mjs";
import { get, request } from "./support/http_client.mjs";
import { limpet_command } from "./support/limpet.mjs";
import { scenario } from "./support/scenario.mjs";
import { SocketIoClient } from "./support/socketio_client.mjs";
import { tunnels } from "./support/tunnel.mjs";
import { until } from "./support/until.mjs";

const kRestart = { code: 1012, reason: "service restart" };

async function pool_of(stage, names, settings = {}) {
  const servers = await stage.start_servers("websocket", ...names);
  const limpet = await stage.start_limpet({ backends: servers, affinity: { by: "header:X-User" }, ...settings });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  const open = (user) => stage.open_websocket(limpet.ws_url, { headers: { "X-User": user } });
  // Clients that are connected, in the order in which they came.
  const crowd = async (count) => {
    const clients = [];
    while (clients.length < count) {
      const some = Array.from({ length: Math.min(50, count - clients.length) }, (_, i) => `user-${clients.length + i}`);
      clients.push(...(await Promise.all(some.map(async (user) => Object.assign(await open(user), { user })))));
    }
    for (const client of clients) client.closed.then(() => (client.closed_at = performance.now()));
    return clients;
  };
  return { servers, limpet, admin: limpet.admin, open, crowd };
}

async function say(admin, word, name, body, { status = 200, method = "POST", path = `/v1/backends/${name}/${word}` } = {}) {
  const answer = await request(admin.url + path, {
    method,
    ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  assert.equal(answer.status, status, answer.body.toString());
  return JSON.parse(answer.body.toString());
}

const on = (clients, name) => clients.filter(({ backend }) => backend === name);
const closed = (clients) => clients.filter(({ close }) => close);

scenario("a drain sends every client away with the Close of the pool, at its rate, and touches no other node", async (stage) => {
  const { limpet, admin, open, crowd } = await pool_of(stage, ["w1", "w2"]);
  const clients = await crowd(400);
  const leaving = on(clients, "w1");
  assert.equal(leaving.length, 200);
  const backend = await say(admin, "drain", "w1", { rate: "50/s" });
  assert.equal(backend.mode, "draining");
  assert.equal(backend.drain.cause, "drained");
  assert.equal(backend.drain.rate, "50/s");

  await until(() => closed(leaving).length > 20);
  const { drain } = await admin.backend("w1");
  assert.ok(drain.told > 0 && drain.remaining > 0 && drain.remaining < 200, JSON.stringify(drain));
  assert.ok(drain.eta_s > 0 && drain.eta_s < 5, JSON.stringify(drain));
  const elsewhere = await open("a newcomer");
  assert.equal(elsewhere.backend, "w2");
  // One that was sent away comes back, and is pinned elsewhere.
  const returned = await open(closed(leaving)[0].user);
  assert.equal(returned.backend, "w2");
  assert.equal((await admin.json(`/v1/affinity/${closed(leaving)[0].user}`)).backend, "w2");

  for (const client of leaving) assert.deepEqual(await client.ended(), kRestart);
  const times = leaving.map((client) => client.closed_at).sort((a, b) => a - b);
  const measured = (times.length - 1) / ((times.at(-1) - times[0]) / 1000);
  assert.ok(measured > 45 && measured < 55, `${measured}/s`);
  assert.equal(closed(on(clients, "w2")).length, 0);
  assert.equal(await on(clients, "w2")[0].echo("still here"), "still here");

  await until(() => limpet.events("drained").length === 1);
  const [began] = limpet.events("drain");
  assert.deepEqual([began.backend, began.pool, began.cause, began.author, began.sessions], ["w1", "default", "drained", "api", 200]);
  const [done] = limpet.events("drained");
  assert.deepEqual([done.backend, done.told, done.cut], ["w1", 200, 0]);
  const after = await admin.backend("w1");
  assert.deepEqual([after.mode, after.drain.remaining, after.drain.told], ["draining", 0, 200]);
  const { ends } = (await admin.json("/v1/status")).totals;
  assert.equal(ends.drained, 200);
});

scenario("enable ends a drain at once", async (stage) => {
  const { admin, crowd, open } = await pool_of(stage, ["w1", "w2"]);
  const clients = await crowd(60);
  await say(admin, "drain", "w1", { rate: "5/s" });
  await until(() => closed(clients).length >= 2);
  const backend = await say(admin, "enable", "w1");
  assert.deepEqual([backend.mode, backend.drain], ["enabled", null]);
  // What was told before the word may still close; then nobody does.
  await until(async () => (await admin.backend("w1")).sessions === 30 - closed(on(clients, "w1")).length);
  const left = closed(clients).length;
  assert.ok(left < 10, `${left} were sent away`);
  const newcomers = await Promise.all(Array.from({ length: 10 }, (_, i) => open(`new-${i}`)));
  assert.ok(on(newcomers, "w1").length > 0);
});

scenario("without closing, only new clients go elsewhere", async (stage) => {
  const { admin, crowd, open } = await pool_of(stage, ["w1", "w2"]);
  const clients = await crowd(10);
  const { drain } = await say(admin, "drain", "w1", { close: false });
  assert.deepEqual([drain.close, drain.eta_s], [false, null]);
  for (let i = 0; i < 5; ++i) assert.equal((await open(`new-${i}`)).backend, "w2");
  const [mine] = on(clients, "w1");
  assert.equal((await open(mine.user)).backend, "w1", "who is in the middle of a session keeps it");
  assert.equal(closed(clients).length, 0);
});

scenario("a disabled backend takes nobody, and is empty when the grace time is over", async (stage) => {
  const { limpet, admin, crowd, open } = await pool_of(stage, ["w1", "w2"], { drain: { grace: "3s", rate: "1/s" } });
  const clients = await crowd(20);
  const began = Date.now();
  assert.equal((await say(admin, "disable", "w1")).mode, "disabled");
  const [mine] = on(clients, "w1");
  assert.equal((await open(mine.user)).backend, "w2", "not even who is in the middle of a session");
  for (const client of on(clients, "w1")) assert.deepEqual(await client.ended(), kRestart);
  assert.ok(Date.now() - began < 15_000);
  await until(() => limpet.events("drained").length === 1);
  assert.equal(limpet.events("drained")[0].cause, "backend_disabled");
  assert.equal(closed(on(clients, "w2")).length, 0);
  await say(admin, "enable", "w1");
  await until(async () => (await get(limpet.url, { headers: { "X-User": `user-${Math.random()}` } })).headers["x-backend"] === "w1");
});

scenario("a client of a disabled backend that does not answer the Close is cut, and counted", async (stage) => {
  const { limpet, open } = await tunnels(stage, { drain: { grace: "2s" } });
  const { client } = await open();
  const [{ name }] = await limpet.admin.backends();
  await say(limpet.admin, "disable", encodeURIComponent(name));
  assert.equal((await client.read_frame()).opcode, Opcode.Close);
  await until(async () => (await limpet.admin.backends())[0].sessions === 0);
  assert.equal((await limpet.admin.backends())[0].drain.cut, 1);
});

scenario("a client that only polls keeps a draining node until the grace time is over", async (stage) => {
  const nodes = await stage.start_servers("socketio", "n1", "n2");
  const limpet = await stage.start_limpet({ backends: nodes, drain: { grace: "2s" } });
  for (const { name } of nodes) await limpet.admin.until_health(name, "up");
  const client = stage.add(new SocketIoClient(limpet.url, { transports: ["polling"] }));
  await client.connected();
  const node = await client.whoami();
  await say(limpet.admin, "drain", node);
  await client.send_numbers(10);
  assert.equal(await client.whoami(), node);
  assert.deepEqual(client.disconnects, []);
  // Its node does not know its session any more, and the library begins another.
  await until(() => client.connects === 2 && client.socket.connected);
  assert.notEqual(await client.whoami(), node);
});

scenario("where nobody else could take the clients in, a drain rests and says so", async (stage) => {
  const { servers, admin, crowd } = await pool_of(stage, ["w1", "w2"], { drain: { rate: "1000/s" } });
  const clients = await crowd(10);
  await servers[1].kill();
  await admin.until_health("w2", "down");
  await say(admin, "drain", "w1");
  await until(async () => (await admin.backend("w1")).drain.resting);
  assert.equal(closed(on(clients, "w1")).length, 0);
  await servers[1].restart();
  for (const client of on(clients, "w1")) assert.deepEqual(await client.ended(), kRestart);
});

scenario("each pool says its own code and reason", async (stage) => {
  const [a, b] = await stage.start_servers("websocket", "a", "b");
  const [spare] = await stage.start_servers("websocket", "spare");
  const limpet = await stage.start_limpet({
    listeners: [{ bind: "127.0.0.1:0", pool: "one" }, { bind: "127.0.0.1:0", pool: "two" }],
    pools: {
      one: { backends: [a, spare], drain: { close_code: 1001, reason: "moving on" } },
      two: { backends: [b, spare] },
    },
    health: { probe: "none" },
  });
  const clients = [];
  for (const url of limpet.ws_urls) {
    for (let i = 0; i < 2; ++i) clients.push(await stage.open_websocket(url));
  }
  assert.equal((await say(limpet.admin, "drain", "spare", undefined, { status: 400 })).error, "pool");
  await say(limpet.admin, "drain", "a");
  await say(limpet.admin, "drain", "b");
  assert.deepEqual(await on(clients, "a")[0].ended(), { code: 1001, reason: "moving on" });
  assert.deepEqual(await on(clients, "b")[0].ended(), kRestart);
  await say(limpet.admin, "drain", "spare", undefined, { path: "/v1/backends/spare/drain?pool=one" });
});

scenario("one session is ended by its number, the others go on", async (stage) => {
  const { limpet, admin, crowd } = await pool_of(stage, ["w1", "w2"], { workers: 2 });
  const clients = await crowd(6);
  const sessions = await admin.sessions();
  const wanted = sessions.find(({ key }) => key === clients[3].user);
  const end = (id, options) => say(admin, "", "", undefined, { method: "DELETE", path: `/v1/sessions/${id}`, ...options });
  assert.deepEqual(await end(wanted.id), { id: wanted.id, leaving: true });
  assert.deepEqual(await clients[3].ended(), kRestart);
  assert.equal(closed(clients).length, 1);
  const last = await until(() => limpet.events("session_end").find(({ reason }) => reason === "ended_by_admin"));
  assert.deepEqual([last.closed_by, last.close_code], ["limpet", 1012]);
  assert.equal((await end(wanted.id, { status: 404 })).error, "session");
  assert.equal((await end("all", { status: 400 })).error, "id");
  const by_command = await limpet_command("end", String(sessions.find(({ key }) => key === clients[0].user).id), "--admin", admin.url);
  assert.equal(by_command.code, 0, by_command.stderr);
  assert.deepEqual(await clients[0].ended(), kRestart);
});

scenario("a pin that is moved takes the live sessions of its client along, and nobody else's", async (stage) => {
  const { limpet, admin, crowd, open } = await pool_of(stage, ["w1", "w2"]);
  const clients = await crowd(6);
  const [mover] = on(clients, "w1");
  await say(admin, "", "", { backend: "w2", move: true }, { method: "PUT", path: `/v1/affinity/${mover.user}` });
  assert.deepEqual(await mover.ended(), kRestart);
  await until(() => limpet.events("session_end").some(({ reason }) => reason === "moved"));
  const moved = await open(mover.user);
  assert.equal(moved.backend, "w2");
  // Who is there already stays.
  await say(admin, "", "", { backend: "w2", move: true }, { method: "PUT", path: `/v1/affinity/${mover.user}` });
  assert.equal(await moved.echo("here"), "here");
  assert.equal(closed(clients).length, 1);
  const back = await limpet_command("affinity", mover.user, "--pin", "w1", "--move", "--admin", admin.url);
  assert.equal(back.code, 0, back.stderr);
  await moved.ended();
  const forgotten = await limpet_command("affinity", mover.user, "--forget", "--admin", admin.url);
  assert.equal(forgotten.code, 0, forgotten.stderr);
  await admin.json(`/v1/affinity/${mover.user}`, { status: 404 });
  await until(() => limpet.events("pin_forgotten").length === 1, { what: "a line a change" });
  const digest = `sha1:${createHash("sha1").update(mover.user).digest("hex")}`;
  const changes = limpet.events("pin_set").map(({ key, backend, author }) => [key, backend, author]);
  assert.deepEqual(changes, ["w2", "w2", "w1"].map((name) => [digest, name, "api"]), "a key by header may be a secret");
});

scenario("on TERM sessions are sent away at the drain rate from the beginning", async (stage) => {
  const { limpet, crowd } = await pool_of(stage, ["w1", "w2"], { drain: { rate: "20/s", grace: "30s" } });
  const clients = await crowd(60);
  limpet.signal("SIGTERM");
  for (const client of clients) assert.deepEqual(await client.ended(), kRestart);
  const times = clients.map((client) => client.closed_at).sort((a, b) => a - b);
  const measured = (times.length - 1) / ((times.at(-1) - times[0]) / 1000);
  assert.ok(measured > 17 && measured < 23, `${measured}/s`);
  assert.equal((await limpet.exit()).code, 0);
});

scenario("on TERM the rate goes up where it would not do for the grace time", async (stage) => {
  const { limpet, crowd } = await pool_of(stage, ["w1", "w2"], { drain: { rate: "1/s", grace: "4s" } });
  const clients = await crowd(60);
  limpet.signal("SIGTERM");
  for (const client of clients) assert.deepEqual(await client.ended(), kRestart);
  assert.equal((await limpet.exit()).code, 0);
});

scenario("the commands drain, wait, enable and disable", async (stage) => {
  const { admin, crowd } = await pool_of(stage, ["w1", "w2"]);
  const clients = await crowd(20);
  const run = (...args) => limpet_command(...args, "--admin", admin.url);
  const drained = await run("drain", "w1", "--rate", "20/s", "--wait");
  assert.equal(drained.code, 0, drained.stderr);
  assert.match(drained.stdout, /\d+ left, \d+ told, 0 cut, 20\/s\n/);
  assert.match(drained.stdout, /w1 .* draining /);
  assert.equal(closed(on(clients, "w1")).length, 10);
  const enabled = await run("enable", "w1", "--json");
  assert.equal(JSON.parse(enabled.stdout).mode, "enabled");
  assert.match((await run("drain", "w1", "--no-close")).stdout, /draining/);
  assert.match((await run("disable", "w1", "--pool", "default")).stdout, /disabled/);
  const wrong = await run("drain", "w1", "--rate", "fast");
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /rate: expected a rate from 0\/s/);
  assert.equal((await run("drain", "nobody")).code, 1);
  assert.equal((await run("drain")).code, 2);
});

scenario("what is not understood is refused with a word and changes nothing", async (stage) => {
  const { admin } = await pool_of(stage, ["w1", "w2"]);
  const refused = async (word, name, body, status, options) => (await say(admin, word, name, body, { status, ...options })).error;
  assert.equal(await refused("drain", "nobody", undefined, 404), "backend");
  assert.equal(await refused("drain", "w1", { rate: 50 }, 400), "body");
  assert.equal(await refused("drain", "w1", { rate: "50" }, 400), "rate");
  assert.equal(await refused("drain", "w1", { speed: "50/s" }, 400), "body");
  assert.equal(await refused("drain", "w1", [], 400), "body");
  assert.equal(await refused("enable", "w1", { rate: "50/s" }, 400), "body");
  assert.equal(await refused("drain", "w1", undefined, 400, { path: "/v1/backends/w1/drain?rate=1" }), "parameters");
  assert.equal(await refused("drain", "w1", undefined, 405, { method: "GET" }), "method");
  for (const backend of await admin.backends()) assert.deepEqual([backend.mode, backend.drain], ["enabled", null]);
});
