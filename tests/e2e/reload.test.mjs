// A running limpet is given another configuration: what changes changes, and nothing else notices.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./support/child.mjs";
import { cookie_of, get } from "./support/http_client.mjs";
import { kBinary, limpet_command } from "./support/limpet.mjs";
import { call, edit, hang_up, keys_of, plan, reload, write } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const backend_of = async (limpet, name) => limpet.admin.backend(name);
const is_gone = (limpet, name) => until(async () => (await backend_of(limpet, name)) === undefined, { what: `${name} is gone` });

// Echo servers, limpet with the first ones of them, and a session on each of these.
async function rig(stage, { names = ["b1", "b2", "b3"], used = 2, ...settings } = {}) {
  const servers = await stage.start_servers("websocket", ...names);
  const limpet = await stage.start_limpet({ backends: servers.slice(0, used), ...settings });
  const sessions = {};
  while (Object.keys(sessions).length < used) {
    const client = await stage.open_websocket(limpet.ws_url);
    if (sessions[client.backend]) client.terminate();
    else sessions[client.backend] = client;
  }
  await until(async () => (await limpet.admin.backends()).every(({ sessions: count }) => count === 1));
  return { servers, limpet, sessions };
}

// A new session that lands there; those that did not are ended.
function open_on(stage, limpet, name) {
  return until(
    async () => {
      const client = await stage.open_websocket(limpet.ws_url);
      if (client.backend === name) return client;
      await client.end(1000);
      return undefined;
    },
    { what: `${name} takes clients` },
  );
}

async function all_echo(sessions) {
  for (const [name, client] of Object.entries(sessions)) assert.equal(await client.echo(`to ${name}`), `to ${name}`);
}

scenario("a reload without a difference is applied and changes nothing", async (stage) => {
  const { limpet, sessions } = await rig(stage);
  const before = await limpet.admin.json("/v1/status");
  assert.deepEqual([before.config.by, before.config.generation, before.config.file], ["start", 1, limpet.file]);
  const report = await reload(limpet);
  assert.deepEqual(report, { applied: true, generation: 2, changes: [], errors: [], undone: [] });
  const after = await limpet.admin.json("/v1/status");
  assert.deepEqual([after.config.by, after.config.generation, after.generation], ["api", 2, 2]);
  assert.ok(after.config.loaded_at > before.config.loaded_at);
  assert.equal((await hang_up(limpet)).generation, 3);
  assert.equal((await limpet.admin.json("/v1/status")).config.by, "signal");
  await all_echo(sessions);
});

scenario("live sessions survive backends that come, go and weigh more", async (stage) => {
  const { servers, limpet, sessions } = await rig(stage);
  edit(limpet, (settings) => {
    settings.backends[0].weight = 3;
    settings.backends.push(servers[2]);
  });
  const report = await reload(limpet);
  assert.deepEqual(keys_of(report.changes), ["added pools.default.backends.b3", "changed pools.default.backends.b1.weight"]);
  await limpet.admin.until_health("b3", "up");
  assert.equal((await backend_of(limpet, "b1")).weight, 3);
  await all_echo(sessions);
  await open_on(stage, limpet, "b3");

  edit(limpet, (settings) => (settings.backends = settings.backends.filter(({ name }) => name !== "b3")));
  await reload(limpet);
  await all_echo(sessions);
  const { requests, sessions: live } = await backend_of(limpet, "b1");
  assert.equal(live >= 1 && requests >= 1, true, "counters go on");
});

scenario("a removed backend goes with its last session, and one without goes at once", async (stage) => {
  const { limpet, sessions } = await rig(stage, { used: 3 });
  sessions.b3.terminate();
  await until(async () => (await backend_of(limpet, "b3")).sessions === 0);
  edit(limpet, (settings) => settings.backends.splice(1, 2));
  const { changes } = await reload(limpet);
  assert.deepEqual(changes.map(({ key, sessions: count }) => [key, count]), [
    ["pools.default.backends.b2", 1],
    ["pools.default.backends.b3", 0],
  ]);
  await is_gone(limpet, "b3");
  for (let i = 0; i < 6; ++i) assert.equal((await stage.open_websocket(limpet.ws_url)).backend, "b1");
  await sessions.b2.end().catch(() => {});
  await is_gone(limpet, "b2");
  await all_echo({ b1: sessions.b1 });
});

scenario("who comes late to a removed backend is sent away too", async (stage) => {
  const servers = await stage.start_servers("websocket", "b1", "b2");
  const limpet = await stage.start_limpet({ backends: servers, affinity: { by: "client_ip" } });
  const name = (await get(limpet.url, { from: "127.0.0.9" })).headers["x-backend"];
  edit(limpet, (settings) => (settings.backends = settings.backends.filter((backend) => backend.name !== name)));
  await reload(limpet);
  const late = await stage.open_websocket(limpet.ws_url, { from: "127.0.0.9" });
  assert.equal(late.backend, name, "in the middle of a session it is let in");
  assert.deepEqual(await late.ended(), { code: 1012, reason: "service restart" });
  await is_gone(limpet, name);
});

scenario("a removed backend that is added again is what it was, gone or not", async (stage) => {
  const { limpet, sessions } = await rig(stage);
  const { requests } = await backend_of(limpet, "b2");
  const whole = readFileSync(limpet.file, "utf8");
  for (const has_gone of [false, true]) {
    edit(limpet, (settings) => settings.backends.splice(1, 1));
    await reload(limpet);
    if (has_gone) {
      await sessions.b2.end().catch(() => {});
      await is_gone(limpet, "b2");
    }
    write(limpet, whole);
    await reload(limpet);
    const back = await backend_of(limpet, "b2");
    assert.deepEqual([back.mode, back.leaving, back.requests >= requests], ["enabled", false, true]);
  }
});

scenario("a bad file changes nothing, and every mistake in it is told with its place", async (stage) => {
  const { limpet, sessions } = await rig(stage);
  const whole = readFileSync(limpet.file, "utf8");
  const taken = await stage.script_backend(() => {});
  const folder = stage.folder();
  const one = '- {bind: "127.0.0.1:0"}';
  const bad = [
    [`listeners:\n  ${one}\nbackends: [{address: "127.0.0.1:1"}]\nretrys: 1\nretries: many\n`, ["4:1 retrys", "5:10 retries"]],
    ["listeners: [", ["1:13 "]],
    [
      `listeners:\n  ${one}\n  - bind: "${taken.address}"\n  - bind: "${taken.address.replace(/:\d+$/, ":1")}"\n` +
        `backends: [{address: "127.0.0.1:1"}]\naffinity: {cookie: {secret_file: ${join(folder, "new.key")}}}\n`,
      ["3:11 listeners[1].bind"],
    ],
    [
      `listeners: [{bind: "127.0.0.1:0"}]\nbackends: [{address: "127.0.0.1:1"}]\naffinity:\n  cookie:\n    secret_file: ${folder}\n`,
      ["5:18 affinity.cookie.secret_file"],
    ],
  ];
  const before = [await limpet.admin.json("/v1/status"), await limpet.admin.backends()];
  for (const [text, places] of bad) {
    write(limpet, text);
    const report = await reload(limpet, { status: 422 });
    const told = report.errors.map(({ line, column, key }) => `${line}:${column} ${key}`);
    for (const place of places) assert.ok(told.includes(place), `${place} in ${JSON.stringify(report.errors)}`);
    assert.deepEqual([report.applied, report.generation], [false, 1]);
    assert.equal((await hang_up(limpet, "reload_failed")).errors, report.errors.length);
    const command = await limpet_command("reload", "--admin", limpet.admin.url);
    assert.equal(command.code, 1);
    assert.ok(command.stderr.startsWith(`${limpet.file}:${places[0].split(" ")[0]}: `), command.stderr);
  }
  assert.throws(() => readFileSync(join(folder, "new.key")), "no key was made for a file that was refused");
  assert.deepEqual(limpet.events("reloaded"), []);
  const errors = limpet.events("reload_error");
  assert.ok(errors.some(({ line, column, key, detail }) => line === 5 && column === 10 && key === "retries" && detail));
  const after = [await limpet.admin.json("/v1/status"), await limpet.admin.backends()];
  assert.deepEqual(after[0].config, before[0].config);
  assert.deepEqual(after[1].map(({ name, weight, mode }) => [name, weight, mode]), before[1].map(({ name, weight, mode }) => [name, weight, mode]));
  await all_echo(sessions);
  write(limpet, whole);
  assert.equal((await reload(limpet)).applied, true);
});

scenario("a file that is gone is an error and limpet goes on", async (stage) => {
  const { limpet, sessions } = await rig(stage);
  write(limpet, "");
  assert.match((await reload(limpet, { status: 422 })).errors[0].message, /empty/);
  await all_echo(sessions);
});

scenario("a plan tells the difference and whom it reaches, and changes nothing", async (stage) => {
  const { servers, limpet, sessions } = await rig(stage);
  edit(limpet, (settings) => {
    settings.backends = [settings.backends[0], servers[2].as_backend()];
    settings.timeouts = { idle: "5m" };
    settings.workers = 3;
  });
  const planned = await plan(limpet);
  assert.equal(planned.applied, false);
  assert.deepEqual(
    planned.changes.map(({ key, sessions: count, needs_restart }) => [key, count, needs_restart]),
    [
      ["pools.default.backends.b2", 1, false],
      ["pools.default.backends.b3", 0, false],
      ["workers", 0, true],
      ["timeouts.idle", 2, false],
    ],
  );
  const text = await limpet_command("reload", "--plan", "--admin", limpet.admin.url);
  assert.equal(text.code, 0);
  assert.match(text.stdout, /^- pools\.default\.backends\.b2: .* \(1 session\)$/m);
  assert.match(text.stdout, /^~ timeouts\.idle: 1h -> 5m \(2 sessions\)$/m);
  assert.match(text.stdout, /^~ workers: auto -> 3 \(needs a restart\)$/m);
  assert.deepEqual((await limpet.admin.backends()).map(({ name }) => name), ["b1", "b2"]);
  assert.equal((await limpet.admin.json("/v1/status")).config.generation, 1);
  assert.deepEqual(limpet.events("reloaded"), []);
  await all_echo(sessions);
});

scenario("what needs a restart is told, and the rest is applied", async (stage) => {
  const { limpet } = await rig(stage);
  const { workers } = await limpet.admin.json("/v1/status");
  edit(limpet, (settings) => {
    settings.workers = workers + 1;
    settings.admin = { bind: "127.0.0.1:1" };
    settings.retries = 1;
  });
  for (const round of [1, 2]) {
    const report = await reload(limpet);
    const restart = report.changes.filter(({ needs_restart }) => needs_restart);
    assert.deepEqual(keys_of(restart), ["changed admin.bind", "changed workers"], `round ${round}`);
    assert.equal(report.changes.length, round === 1 ? 3 : 2);
    assert.equal((await limpet.admin.json("/v1/status")).workers, workers);
  }
  await until(() => limpet.events("reloaded").length === 2);
  assert.equal(limpet.events("reloaded").at(-1).needs_restart, 2);
  assert.deepEqual(limpet.events("needs_restart").map(({ key }) => key).sort(), ["admin.bind", "admin.bind", "workers", "workers"]);
});

scenario("listeners come and go; what came over one that has gone lives on", async (stage) => {
  const { limpet, sessions } = await rig(stage);
  const socket = join(stage.folder(), "limpet.sock");
  edit(limpet, (settings) => settings.listeners.push({ bind: "127.0.0.3:0" }, { bind: `unix:${socket}` }));
  const report = await reload(limpet);
  assert.deepEqual(keys_of(report.changes), ["added listeners.127.0.0.3:0", `added listeners.unix:${socket}`]);
  const { listeners } = await limpet.admin.json("/v1/status");
  const added = listeners.find(({ address }) => address.startsWith("127.0.0.3:")).address;
  const over_new = await until(() => stage.open_websocket(`ws://${added}`));
  assert.equal((await until(() => get("http://limpet.test/", { socketPath: socket }))).status, 200);
  const kept = await stage.connect({ host: "127.0.0.3", port: Number(added.split(":")[1]) });
  kept.send("GET / HTTP/1.1\r\nHost: limpet.test\r\n\r\n");
  assert.equal((await kept.read_message()).status, 200);

  edit(limpet, (settings) => settings.listeners.splice(1, 2));
  await reload(limpet);
  await until(async () => get(`http://${added}/`).then(() => false, (error) => error.code === "ECONNREFUSED"));
  await assert.rejects(get("http://limpet.test/", { socketPath: socket }), { code: "ENOENT" });
  assert.equal(await over_new.echo("still here"), "still here");
  kept.send("GET / HTTP/1.1\r\nHost: limpet.test\r\n\r\n");
  assert.equal((await kept.read_message()).status, 200);
  await all_echo(sessions);
  assert.deepEqual((await limpet.admin.json("/v1/status")).listeners.map(({ address }) => address), [limpet.address]);

  // The same address again, at once: its last owner is limpet itself.
  for (let i = 0; i < 10; ++i) {
    edit(limpet, (settings) => settings.listeners.push({ bind: added }));
    assert.equal((await reload(limpet)).applied, true);
    edit(limpet, (settings) => settings.listeners.pop());
    assert.equal((await reload(limpet)).applied, true);
  }
});

scenario("a listener that serves another pool keeps its socket, and its connections follow", async (stage) => {
  const named = (name) => stage.serve_http((_, answer) => answer.end(name), { name });
  const [one, two] = [await named("one"), await named("two")];
  const limpet = await stage.start_limpet({
    listeners: [{ bind: "127.0.0.1:0", pool: "first" }],
    pools: { first: { backends: [one] }, second: { backends: [two] } },
  });
  const client = await stage.connect(limpet.port);
  const ask = async () => {
    client.send("GET / HTTP/1.1\r\nHost: limpet.test\r\n\r\n");
    return (await client.read_message()).body.toString();
  };
  assert.equal(await ask(), "one");
  edit(limpet, (settings) => {
    settings.listeners[0].pool = "second";
    delete settings.pools.first;
  });
  const report = await reload(limpet);
  assert.deepEqual(keys_of(report.changes), [`changed listeners.127.0.0.1:0.pool`, "removed pools.first"]);
  await until(async () => (await ask()) === "two");
  assert.equal((await get(limpet.url)).body.toString(), "two");
  const [{ address, pool }] = (await limpet.admin.json("/v1/status")).listeners;
  assert.deepEqual({ address, pool }, { address: limpet.address, pool: "second" });
  await is_gone(limpet, "one");
});

scenario("a reload that replaces every backend refuses nobody", async (stage) => {
  const named = (name) => stage.serve_http((_, answer) => answer.end(name), { name });
  const both = [await named("one"), await named("two")];
  const limpet = await stage.start_limpet({ backends: both.slice(0, 1) });
  let done = false;
  const asking = Array.from({ length: 4 }, async () => {
    const statuses = new Set();
    while (!done) statuses.add((await get(limpet.url)).status);
    return [...statuses];
  });
  for (let i = 1; i <= 40; ++i) {
    edit(limpet, (settings) => (settings.backends = [both[i % 2]]));
    assert.equal((await reload(limpet)).applied, true);
  }
  done = true;
  assert.deepEqual(await Promise.all(asking), Array(4).fill([200]));
});

scenario("routes and pools change for the next request", async (stage) => {
  const named = (name) => stage.serve_http((_, answer) => answer.end(name), { name });
  const [one, two] = [await named("one"), await named("two")];
  const limpet = await stage.start_limpet({ backends: [one] });
  edit(limpet, (settings) => {
    settings.pools = { other: { backends: [two.as_backend()] } };
    settings.routes = [{ path: "/other", pool: "other" }];
  });
  assert.deepEqual(keys_of((await reload(limpet)).changes), ["added pools.other", "added routes[0]"]);
  await until(async () => (await get(`${limpet.url}/other`)).body.toString() === "two");
  assert.equal((await get(limpet.url)).body.toString(), "one");
});

scenario("clients keep their backend and their cookie over a reload, and idle connections are used again", async (stage) => {
  const { limpet } = await rig(stage);
  const first = await get(limpet.url);
  const headers = { Cookie: cookie_of(first) };
  for (let i = 0; i < 5; ++i) {
    edit(limpet, (settings) => (settings.retries = 1 + i));
    await reload(limpet);
    const again = await get(limpet.url, { headers });
    assert.equal(again.headers["x-backend"], first.headers["x-backend"]);
    assert.equal(cookie_of(again), undefined, "it has the right one already");
  }
});

scenario("a backend at another address is asked there", async (stage) => {
  const named = (name) => stage.serve_http((_, answer) => answer.end(name), { name });
  const [here, there] = [await named("here"), await named("there")];
  const limpet = await stage.start_limpet({ backends: [{ name: "b", address: here.address }] });
  for (let i = 0; i < 8; ++i) assert.equal((await get(limpet.url)).body.toString(), "here");
  edit(limpet, (settings) => (settings.backends[0].address = there.address));
  assert.deepEqual(keys_of((await reload(limpet)).changes), ["changed pools.default.backends.b.address"]);
  await until(async () => (await get(limpet.url)).body.toString() === "there");
  for (let i = 0; i < 16; ++i) assert.equal((await get(limpet.url)).body.toString(), "there", "no idle connection leads back");
});

scenario("timeouts apply to sessions that are live", async (stage) => {
  const { limpet, sessions } = await rig(stage, { used: 1, timeouts: { idle: "1h" } });
  edit(limpet, (settings) => (settings.timeouts.idle = "700ms"));
  await reload(limpet);
  assert.deepEqual(await sessions.b1.ended(), { code: 1001, reason: "idle timeout" });
});

scenario("a new backend takes nobody before it was probed", async (stage) => {
  const { limpet, sessions } = await rig(stage, { used: 1, names: ["b1"] });
  let probe;
  const silent = await stage.script_backend((connection) => (probe = connection), { name: "silent" });
  edit(limpet, (settings) => {
    settings.health.probe = "http";
    settings.health.timeout = "5s";
    settings.backends.push(silent);
  });
  await reload(limpet);
  await until(() => probe);
  for (let i = 0; i < 8; ++i) assert.equal((await stage.open_websocket(limpet.ws_url)).backend, "b1");
  const { health, requests } = await backend_of(limpet, "silent");
  assert.deepEqual([health, requests], ["unknown", 0]);
  await all_echo(sessions);
});

scenario("HUP never ends limpet, and many of them are as good as one", async (stage) => {
  const { limpet, sessions } = await rig(stage);
  for (let i = 0; i < 200; ++i) limpet.signal("SIGHUP");
  await hang_up(limpet);
  await all_echo(sessions);
  for (const client of Object.values(sessions)) client.terminate();
  limpet.signal("SIGTERM");
  for (let i = 0; i < 300 && !limpet.end; ++i) {
    try {
      limpet.signal("SIGHUP");
    } catch (error) {
      assert.equal(error.code, "ESRCH"); // it left a moment ago
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await limpet.exit(), { code: 0, signal: null });
});

scenario("backends are added, weighed and removed without a file, and a reload undoes it", async (stage) => {
  const { servers, limpet, sessions } = await rig(stage);
  const third = servers[2].as_backend();
  const added = await call(limpet, "POST", "/v1/backends", { ...third, weight: 2 }, { status: 201 });
  assert.deepEqual([added.name, added.pool, added.weight, added.runtime], ["b3", "default", 2, "added"]);
  await open_on(stage, limpet, "b3");
  const weighed = await call(limpet, "POST", "/v1/backends/b1/weight", { weight: 5 });
  assert.deepEqual([weighed.weight, weighed.runtime], [5, "weight"]);
  const removed = await call(limpet, "DELETE", "/v1/backends/b2");
  assert.deepEqual([removed.runtime, removed.leaving, removed.mode], ["removed", true, "draining"]);
  await sessions.b2.end().catch(() => {});
  await is_gone(limpet, "b2");
  await all_echo({ b1: sessions.b1 });

  const planned = await plan(limpet);
  assert.deepEqual(keys_of(planned.undone), [
    "added pools.default.backends.b3",
    "changed pools.default.backends.b1.weight",
    "removed pools.default.backends.b2",
  ]);
  edit(limpet, (settings) => settings.backends.push({ ...third, weight: 7 }));
  const report = await reload(limpet);
  assert.deepEqual(keys_of(report.undone), ["changed pools.default.backends.b1.weight", "removed pools.default.backends.b2"]);
  const now = await limpet.admin.backends();
  assert.deepEqual(now.map(({ name, weight, runtime }) => [name, weight, runtime]), [
    ["b1", 1, null],
    ["b2", 1, null],
    ["b3", 7, null],
  ]);
  await until(() => limpet.events("run_time_change").length === 3, { what: "a line a change" });
});

scenario("a change without a file is judged as a file is", async (stage) => {
  const { limpet } = await rig(stage, { used: 1, names: ["b1"] });
  const wrong = [
    ["POST", "/v1/backends", { address: "127.0.0.1:1", weight: 0 }, 400, /weight: expected a whole number from 1 to 1000/],
    ["POST", "/v1/backends", { name: "x" }, 400, /address: missing/],
    ["POST", "/v1/backends", { address: "nowhere" }, 400, /address: expected/],
    ["POST", "/v1/backends", { address: "127.0.0.1:1", colour: "red" }, 400, /no such key/],
    ["POST", "/v1/backends", { address: "127.0.0.1:1", name: "b1" }, 409, /already/],
    ["POST", "/v1/backends", { address: "127.0.0.1:1", pool: "chat" }, 404, /no pool/],
    ["POST", "/v1/backends", [], 400, /object/],
    ["POST", "/v1/backends/b1/weight", { weight: 1001 }, 400, /weight: expected/],
    ["POST", "/v1/backends/b1/weight", { wait: 1 }, 400, /"weight"/],
    ["POST", "/v1/backends/b9/weight", { weight: 1 }, 404, /b9/],
    ["DELETE", "/v1/backends/b9", undefined, 404, /b9/],
    ["DELETE", "/v1/backends/b1", undefined, 409, /last backend/],
    ["POST", "/v1/reload?plan=maybe", undefined, 400, /true or false/],
  ];
  for (const [method, path, body, status, detail] of wrong) {
    assert.match((await call(limpet, method, path, body, { status })).detail, detail, `${method} ${path} ${JSON.stringify(body)}`);
  }
  assert.equal((await limpet.admin.json("/v1/status")).generation, 1);
});

scenario("the commands add, weight, remove and reload say what they did", async (stage) => {
  const { servers, limpet } = await rig(stage);
  const run = (...words) => limpet_command(...words, "--admin", limpet.admin.url);
  const { address } = servers[2].as_backend();
  const said = async (words, code, text) => {
    const told = await run(...words);
    assert.equal(told.code, code, told.stderr);
    assert.match(told.stdout + told.stderr, text);
  };
  await said(["add", address, "--name", "b3", "--weight", "2"], 0, /^added b3 in the pool default; the next reload undoes it/);
  await said(["weight", "b3", "4"], 0, /weight 4/);
  await said(["weight", "b3", "much"], 1, /expected a whole number from 1 to 1000/);
  await said(["remove", "b3"], 0, /^removed b3/);
  await said(["remove", "b9"], 1, /no backend named "b9"/);
  await said(["reload"], 0, /no difference\nreloaded: generation 5/);
  assert.equal(JSON.parse((await run("reload", "--json")).stdout).applied, true);
  await said(["weight", "b1"], 2, /WEIGHT/);
});

scenario("a name of a backend that was added is resolved", async (stage) => {
  const backend = await stage.script_backend(
    async (connection) => {
      for (;;) {
        await connection.read_head();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell");
      }
    },
    { where: { host: "127.0.0.1", port: 0 } },
  );
  const { limpet } = await rig(stage, { used: 1, names: ["b1"] });
  const address = backend.address.replace("127.0.0.1", "localhost");
  await call(limpet, "POST", "/v1/backends", { name: "named", address }, { status: 201 });
  await limpet.admin.until_health("named", "up");
});

scenario("a key that is added to the cookie key file counts after a reload", async (stage) => {
  const secret_file = join(stage.folder(), "cookie.key");
  const [one, two] = ["11", "22"].map((byte) => byte.repeat(32));
  writeFileSync(secret_file, `${one}\n`);
  const { limpet } = await rig(stage, { affinity: { cookie: { secret_file } } });
  const old = await get(limpet.url);
  writeFileSync(secret_file, `${two}\n${one}\n`);
  await reload(limpet);
  const again = await get(limpet.url, { headers: { Cookie: cookie_of(old) } });
  assert.equal(again.headers["x-backend"], old.headers["x-backend"]);
  const fresh = await get(limpet.url);
  writeFileSync(secret_file, `${two}\n`);
  await reload(limpet);
  await until(async () => cookie_of(await get(limpet.url, { headers: { Cookie: cookie_of(old) } })) !== undefined);
  assert.equal(cookie_of(await get(limpet.url, { headers: { Cookie: cookie_of(fresh) } })), undefined);
});

// 200 times: another backend comes, goes and weighs, and one file in five is bad; beside it sessions in traffic.
scenario("churn: 200 reloads beside 50 sessions in traffic lose nothing", async (stage) => {
  const kReloads = 200;
  const kSessions = 50;
  const { servers, limpet } = await rig(stage);
  const spare = servers[2].as_backend();
  const whole = readFileSync(limpet.file, "utf8");
  const clients = await Promise.all(Array.from({ length: kSessions }, () => stage.open_websocket(limpet.ws_url)));
  const { pid } = limpet;
  let done = false;
  const traffic = clients.map(async (client, number) => {
    let sent = 0;
    while (!done) {
      const text = `${number}:${sent}:${"x".repeat((sent * 37) % 3000)}`;
      assert.equal(await client.echo(text), text);
      sent += 1;
    }
    return sent;
  });
  const failed = Promise.race(traffic); // only a failure ends one before `done`
  const changes = [
    (settings) => settings.backends.push(spare),
    (settings) => settings.backends.push({ ...spare, weight: 3 }),
    () => {},
    "retries: [",
    (settings) => settings.backends.push({ ...spare, name: `b${Math.random()}` }),
  ];
  for (let i = 0; i < kReloads; ++i) {
    const change = changes[i % changes.length];
    write(limpet, whole);
    if (typeof change === "string") write(limpet, change);
    else edit(limpet, change);
    const { applied } = await Promise.race([reload(limpet, { status: typeof change === "string" ? 422 : 200 }), failed]);
    assert.equal(applied, typeof change !== "string");
  }
  done = true;
  const sent = await Promise.all(traffic);
  assert.ok(Math.min(...sent) > 0);
  assert.equal(clients.filter((client) => client.close).length, 0);
  assert.equal(limpet.pid, pid);
  await until(() => limpet.events("reload_failed").length === kReloads / changes.length, { what: "a line a bad file" });
  assert.equal((await limpet.admin.json("/v1/status")).config.generation, 1 + (kReloads * (changes.length - 1)) / changes.length);
  write(limpet, whole);
  await reload(limpet);
  await until(async () => (await limpet.admin.backends()).length === 2, { what: "everybody who came has gone" });
  assert.equal(await (await stage.open_websocket(limpet.ws_url)).echo("hello"), "hello");
});

scenario("the demo has no file to reload", async (stage) => {
  const demo = stage.add(Object.assign(new Child(kBinary, ["demo", "--port", "0", "--admin-port", "0"]), { stop: () => demo.kill() }));
  const url = await demo.saw(({ output }) => /admin\s+(http:\/\/\S+?)\//.exec(output)?.[1], "the demo tells its admin endpoint");
  const told = await limpet_command("reload", "--admin", url);
  assert.equal(told.code, 1);
  assert.match(told.stderr, /without a configuration file/);
  demo.signal("SIGHUP");
  assert.equal((await get(`${url}/healthz`)).status, 200);
});
