// One process after another: who is there stays, who comes is served, and what was known is known.
import assert from "node:assert/strict";
import { existsSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Admin } from "./support/admin.mjs";
import { Child } from "./support/child.mjs";
import { Connection } from "./support/connection.mjs";
import { get } from "./support/http_client.mjs";
import { kBinary, limpet_command } from "./support/limpet.mjs";
import { call } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { Succession } from "./support/succession.mjs";
import { until } from "./support/until.mjs";
import { WebSocketClient } from "./support/websocket_client.mjs";

const kServiceManager = new URL("./support/service_manager.py", import.meta.url).pathname;
const kPython = "/usr/bin/python3";

async function start(stage, settings = {}, options = {}) {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: servers, upgrade: { grace: "6s" }, ...settings }, options);
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  return { servers, limpet, succession: new Succession(stage, limpet) };
}

const configuration_of = (limpet) => JSON.parse(readFileSync(limpet.file));
function change_configuration(limpet, change) {
  const configuration = configuration_of(limpet);
  change(configuration);
  writeFileSync(limpet.file, JSON.stringify(configuration));
}

// A client that sends numbers and gets them back until it is told to leave. What comes back has no gap.
class Counting {
  constructor(client) {
    Object.assign(this, { client, sent: 0, received: 0 });
    client.socket.on("message", (data) => {
      if (Number(data) !== this.received) this.broken = `got ${data} instead of ${this.received}`;
      this.received += 1;
      this.next();
    });
    this.next();
  }
  next() {
    setTimeout(() => {
      if (!this.client.close && this.client.socket.readyState === 1) this.client.socket.send(String(this.sent++));
    }, 10);
  }
}

// Handshakes one after the other, `lanes` at a time, until end(): none may fail, each echoes once.
class Arriving {
  constructor(url, lanes) {
    Object.assign(this, { url, done: 0, errors: [], ends: false });
    this.lanes = Array.from({ length: lanes }, () => this.run());
  }
  async run() {
    while (!this.ends) {
      const client = new WebSocketClient(this.url, { handshakeTimeout: 15_000 });
      try {
        await client.opened;
        assert.equal(await client.echo("hello"), "hello");
        await client.end(1000);
        this.done += 1;
      } catch (error) {
        this.errors.push(error);
        client.terminate();
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }
  async end() {
    this.ends = true;
    await Promise.all(this.lanes);
  }
}

scenario("under load an upgrade refuses nobody, loses nothing, and the old process leaves", async (stage) => {
  const { limpet, succession } = await start(stage, {
    affinity: { by: "client_ip", balance: "least_sessions" },
    workers: 2,
    upgrade: { grace: "10m" },
    drain: { grace: "6s" },
  });
  const pinned = {};
  for (let i = 2; i < 30; ++i) {
    pinned[`127.0.0.${i}`] = (await get(limpet.url, { from: `127.0.0.${i}` })).headers["x-backend"];
  }
  const counting = [];
  for (let i = 0; i < 50; ++i) {
    counting.push(new Counting(await stage.open_websocket(limpet.ws_url, { from: `127.0.1.${i + 1}` })));
  }
  const arriving = new Arriving(limpet.ws_url, 8);
  await until(() => arriving.done > 50);
  const before = arriving.done;
  const follower = await succession.upgrade();
  await until(() => arriving.done > before + 100);

  const status = await succession.status();
  assert.equal(status.pid, follower);
  assert.equal(status.predecessor.pid, limpet.pid);
  assert.ok(counting.every(({ client }) => !client.close), "who was there is still there");
  const received = counting.map((one) => one.received);
  await until(() => counting.every((one, i) => one.received > received[i] + 5), { what: "messages go on" });
  await until(async () => (await succession.status()).predecessor?.sessions === 50, { what: "the old one tells of 50 sessions" });
  for (const [from, backend] of Object.entries(pinned)) {
    assert.equal((await get(limpet.url, { from })).headers["x-backend"], backend, `${from} keeps its backend`);
  }

  limpet.signal("SIGTERM"); // sooner than in ten minutes
  for (const { client } of counting) assert.deepEqual(await client.ended(), { code: 1012, reason: "service restart" });
  assert.deepEqual(counting.filter((one) => one.broken), []);
  assert.deepEqual(await succession.exit, { code: 0, signal: null });
  await until(async () => (await succession.status()).predecessor === null, { what: "the new one knows that it has gone" });
  await arriving.end();
  assert.deepEqual(arriving.errors, []);
  assert.equal(limpet.events("predecessor_gone").length, 1);
});

scenario("a pin that an operator has set, and one that is made late in the old process, are taken over", async (stage) => {
  const { limpet, succession } = await start(stage, { affinity: { by: "header:X-User", balance: "least_sessions" } });
  const reach = async (user) => (await get(limpet.url, { headers: { "x-user": user } })).headers["x-backend"];
  const other = (await reach("alice")) === "w1" ? "w2" : "w1";
  await limpet.admin.json("/v1/affinity/alice", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ backend: other }),
  });
  // Accepted by the old one, with nothing of its request said yet.
  const late = await stage.connect(limpet.port);
  const pause = new Promise((resolve) => limpet.process.stderr.on("data", (text) => text.includes('"upgraded"') && resolve()));
  const upgraded = succession.upgrade();
  await pause;
  late.send("GET / HTTP/1.1\r\nHost: limpet.test\r\nX-User: bob\r\n\r\n");
  const answer = await late.read_head();
  assert.equal(answer.status, 200, "there is a moment for who was accepted");
  await upgraded;
  assert.equal(await reach("alice"), other);
  assert.equal((await limpet.admin.json("/v1/affinity/alice")).reason, "moved");
  await until(async () => (await succession.admin.affinity()).some(({ key }) => key === "bob"), { what: "bob is known" });
  assert.equal(await reach("bob"), answer.fields["x-backend"]);
});

scenario("a drain goes on in the new process", async (stage) => {
  const { limpet, succession } = await start(stage, { affinity: { by: "client_ip" }, drain: { grace: "60s" } });
  const name = (await get(limpet.url, { from: "127.0.0.9" })).headers["x-backend"];
  await call(limpet, "PUT", "/v1/affinity/127.0.0.9", { backend: name }); // by hand: it stays through a drain
  await call(limpet, "POST", `/v1/backends/${name}/drain`);
  await succession.upgrade();
  const { mode, drain } = await new Admin(limpet.admin.url).backend(name);
  assert.deepEqual([mode, drain?.cause], ["draining", "drained"]);
  const client = await stage.open_websocket(limpet.ws_url, { from: "127.0.0.9" });
  assert.equal(client.backend, name, "who was pinned there by hand is let in");
  assert.deepEqual(await client.ended(), { code: 1012, reason: "service restart" });
});

for (const has_served of [false, true]) {
  scenario(`a new process that dies ${has_served ? "behind its first client" : "as it begins to serve"} is followed by the old one`, async (stage) => {
    const { limpet, succession } = await start(stage, { workers: 2 });
    const before = await stage.open_websocket(limpet.ws_url);
    const follower = await succession.upgrade();
    if (has_served) await stage.open_websocket(limpet.ws_url);
    const died = Date.now();
    process.kill(follower, "SIGKILL");
    const after = await until(() => stage.open_websocket(limpet.ws_url).catch(() => undefined), { what: "service" });
    const silent_for = Date.now() - died;
    assert.ok(silent_for < 1000, `nobody was served for ${silent_for} ms`);
    assert.equal(await after.echo("to the old one"), "to the old one");
    assert.equal(await before.echo("still here"), "still here");
    await until(() => limpet.events("upgrade_failed").length === 1);
    assert.match(limpet.events("upgrade_failed")[0].detail, /served for a moment only/);
    const status = await succession.status();
    assert.deepEqual([status.pid, status.predecessor], [limpet.pid, null]);
    assert.equal((await get(`${limpet.url}/stats`)).status, 200);

    succession.pids.pop();
    process.kill(limpet.pid, "SIGUSR2");
    await until(() => limpet.events("upgraded").length === 2, { what: "the next process serves" });
    succession.pids.push(limpet.events("upgraded")[1].successor);
    const last = await stage.open_websocket(limpet.ws_url);
    assert.equal(await last.echo("to the new one"), "to the new one");
    for (const client of [before, after]) assert.equal((await client.ended()).code, 1012);
    await succession.until_gone(limpet.pid);
  });
}

scenario("who polls a draining backend keeps it through an upgrade, and the drain keeps its rate", async (stage) => {
  const backends = await Promise.all(["h1", "h2"].map((name) => stage.serve_http((_, answer) => answer.end(name), { name })));
  const limpet = await stage.start_limpet({ backends, affinity: { by: "header:x-user" }, upgrade: { grace: "0s" } });
  for (const { name } of backends) await limpet.admin.until_health(name, "up");
  const poll = async (user) => (await get(limpet.url, { headers: { "x-user": user } })).body.toString();
  const home = await poll("alice");
  await call(limpet, "POST", `/v1/backends/${home}/drain`, { rate: "7/s" });
  await new Succession(stage, limpet).upgrade();
  assert.equal(await poll("alice"), home);
  assert.notEqual(await poll("somebody new"), home);
  const { drain } = await new Admin(limpet.admin.url).backend(home);
  assert.deepEqual([drain.cause, drain.rate], ["drained", "7/s"]);
});

scenario("an upgrade with a bad file changes nothing and says what is wrong", async (stage) => {
  const { limpet, succession } = await start(stage);
  const client = await stage.open_websocket(limpet.ws_url);
  const good = readFileSync(limpet.file);
  change_configuration(limpet, (configuration) => (configuration.retries = "many"));
  const answer = await succession.ask();
  assert.equal(answer.status, 500);
  const { error, detail } = JSON.parse(answer.body);
  assert.equal(error, "upgrade_failed");
  assert.match(detail, /this one goes on: .*limpet\.yaml:.*retries/);
  await until(() => limpet.events("upgrade_failed").length === 1);
  assert.equal(await client.echo("still here"), "still here");
  assert.equal((await get(limpet.url)).status, 200);
  assert.equal((await succession.status()).pid, limpet.pid);

  writeFileSync(limpet.file, good);
  assert.equal((await succession.ask()).status, 200);
  assert.equal((await get(limpet.url)).status, 200);
});

scenario("a new program that cannot take over leaves the old one as it was", async (stage) => {
  const binary = join(stage.folder(), "limpet");
  symlinkSync(kBinary, binary);
  const { limpet, succession } = await start(stage, {}, { binary });
  const replace_with = (script) => {
    unlinkSync(binary);
    writeFileSync(binary, script, { mode: 0o755 });
  };
  const detail_of = async () => {
    const answer = await succession.ask();
    assert.equal(answer.status, 500);
    assert.equal((await get(limpet.url)).status, 200);
    return JSON.parse(answer.body).detail;
  };
  replace_with("#!/bin/sh\necho no such luck >&2\nexit 7\n");
  assert.match(await detail_of(), /it ended with code 7/);
  await until(() => limpet.lines.includes("no such luck"));
  replace_with("#!/bin/sh\nkill -SEGV $$\n");
  assert.match(await detail_of(), /it was ended by signal 11/);
  unlinkSync(binary);
  assert.match(await detail_of(), /cannot start .*limpet/);
  // The name leads to the program again: this is how a new version comes.
  symlinkSync(kBinary, binary);
  assert.equal((await succession.ask()).status, 200);
});

scenario("the new configuration may have other listeners and workers", async (stage) => {
  const folder = stage.folder();
  const path = join(folder, "web.sock");
  const { limpet, succession } = await start(stage, {
    listeners: [{ bind: "127.0.0.1:0" }, { bind: `unix:${path}` }, { bind: "127.0.0.1:0" }],
    workers: 3,
    upgrade: { grace: "0s" },
  });
  const ports = [limpet.addresses[0], limpet.addresses[2]].map((address) => Number(address.split(":").at(-1)));
  const serves = async (where) => {
    const connection = await stage.connect(where);
    connection.send("GET / HTTP/1.1\r\nHost: limpet.test\r\nConnection: close\r\n\r\n");
    assert.equal((await connection.read_head()).status, 200);
  };
  change_configuration(limpet, (configuration) => {
    configuration.workers = 1;
    configuration.listeners.pop();
    configuration.listeners.push({ bind: `unix:${join(folder, "more.sock")}` });
  });
  await succession.upgrade();
  await succession.until_gone();
  // Each queue of the three workers is served by the one there is now.
  for (let i = 0; i < 30; ++i) await serves(ports[0]);
  await serves({ path });
  await serves({ path: join(folder, "more.sock") });
  await assert.rejects(Connection.open(ports[1]), { code: "ECONNREFUSED" });
  assert.match(limpet.events("socket_not_used")[0].address, new RegExp(`:${ports[1]}$`));

  change_configuration(limpet, (configuration) => (configuration.workers = 4));
  await succession.upgrade();
  await succession.until_gone();
  for (let i = 0; i < 30; ++i) await serves(ports[0]);
  await serves({ path });
  process.kill(succession.pid, "SIGTERM");
  await succession.until_gone(succession.pid);
  assert.equal(existsSync(path), false, "the last one removes what all have used");
});

scenario("while sessions are left another upgrade is refused, and TERM makes the old process leave", async (stage) => {
  const { limpet, succession } = await start(stage, { upgrade: { grace: "10m" }, drain: { grace: "2s", rate: "1/m" } });
  const clients = [await stage.open_websocket(limpet.ws_url), await stage.open_websocket(limpet.ws_url)];
  await succession.upgrade();
  // The first one is told at once, the other not within a minute.
  await until(() => clients.some(({ close }) => close));
  const client = clients.find(({ close }) => !close);
  limpet.signal("SIGUSR2");
  await until(() => limpet.events("upgrade_refused").length === 1);
  assert.equal((await succession.ask()).status, 409);
  await until(() => limpet.events("upgrade_refused").length === 2);
  assert.match(limpet.events("upgrade_refused")[1].detail, /has sessions left; TERM/);
  assert.equal(await client.echo("still here"), "still here");
  limpet.signal("SIGTERM");
  assert.equal((await client.ended()).code, 1012);
  assert.deepEqual(await succession.exit, { code: 0, signal: null });
  await until(async () => (await succession.status()).predecessor === null);
  await succession.upgrade();
  assert.equal((await get(limpet.url)).status, 200);
});

scenario("the pins file goes to the new process, which saves it at its end", async (stage) => {
  const folder = stage.folder();
  const { limpet, succession } = await start(stage, {
    affinity: { by: "client_ip", cookie: { secret_file: join(folder, "cookie.key") } },
    upgrade: { grace: "0s" },
  });
  await get(limpet.url, { from: "127.0.0.7" });
  await succession.upgrade();
  await succession.until_gone();
  assert.equal(limpet.events("pins_not_saved").length, 0);
  assert.equal(existsSync(join(folder, "pins.state")), false, "who was replaced does not write it");
  await get(limpet.url, { from: "127.0.0.8" });
  process.kill(succession.pid, "SIGTERM");
  await succession.until_gone(succession.pid);
  const text = readFileSync(join(folder, "pins.state"), "latin1");
  assert.ok(text.includes("127.0.0.7") && text.includes("127.0.0.8"));
});

scenario("limpet upgrade tells who serves and waits until the old process has left", async (stage) => {
  const { limpet, succession } = await start(stage, { upgrade: { grace: "4s" } });
  await stage.open_websocket(limpet.ws_url);
  const { code, stdout, stderr } = await limpet_command("upgrade", "--wait", "--admin", limpet.admin.url);
  await succession.learn_follower();
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.equal(stdout.split("\n")[0], `process ${succession.pid} serves now`);
  assert.match(stdout, /\n1 sessions left in the old process\n/);
  assert.match(stdout, /the old process has left\n$/);
  change_configuration(limpet, (configuration) => (configuration.retries = "many"));
  const failed = await limpet_command("upgrade", "--admin", limpet.admin.url);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /this one goes on: .*retries/);
});

for (const kind of ["path", "abstract name"]) {
  scenario(`a service manager at a ${kind} hears of start, upgrade and end`, async (stage) => {
    const path = kind === "path" ? join(stage.folder(), "notify") : `@limpet-e2e-${process.pid}`;
    const manager = new Child(kPython, [kServiceManager, "listen", path]);
    stage.add({ stop: () => manager.kill() });
    await manager.saw(({ output }) => output.includes("listening"), "the manager listens");
    const heard = () => manager.output.trimEnd().split("\n").slice(1).map((line) => JSON.parse(line).said);
    const { limpet, succession } = await start(
      stage,
      { upgrade: { grace: "0s" } },
      { env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" } },
    );
    await until(() => heard().filter((word) => word === "WATCHDOG=1").length >= 3);
    assert.equal(heard()[0], "READY=1");
    await succession.upgrade();
    await until(() => heard().includes(`READY=1\nMAINPID=${succession.pid}`));
    await succession.until_gone();
    assert.equal(heard().includes("STOPPING=1"), false, "the service does not stop");
    process.kill(succession.pid, "SIGTERM");
    await until(() => heard().includes("STOPPING=1"));
    assert.equal(limpet.has_crashed(), false);
  });
}

scenario("sockets that a service manager has opened are used, and others are closed and told", async (stage) => {
  const folder = stage.folder();
  const paths = ["web.sock", "admin.sock", "spare.sock"].map((name) => join(folder, name));
  const [server] = await stage.start_servers("websocket", "w1");
  const limpet = await stage.start_limpet(
    {
      backends: [server],
      listeners: [{ bind: `unix:${paths[0]}` }],
      admin: { bind: `unix:${paths[1]}` },
      workers: 2,
    },
    { binary: kPython, arguments_before: [kServiceManager, "activate", ...paths, "--", kBinary] },
  );
  const ask = async (path, target) => {
    const connection = await stage.connect({ path });
    connection.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    return connection.read_message();
  };
  await until(async () => (await ask(paths[1], "/readyz")).status === 200);
  for (let i = 0; i < 10; ++i) assert.equal((await ask(paths[0], "/")).status, 200);
  const [unused] = limpet.events("socket_not_used");
  assert.equal(unused.address, `unix:${paths[2]}`);
  await assert.rejects(Connection.open({ path: paths[2] }), { code: "ECONNREFUSED" });
  const succession = new Succession(stage, limpet);
  await succession.upgrade();
  await succession.until_gone();
  for (const path of paths.slice(0, 2)) assert.ok(existsSync(path), "the file is the service manager's");
  process.kill(succession.pid, "SIGTERM");
  await succession.until_gone(succession.pid);
  for (const path of paths.slice(0, 2)) assert.ok(existsSync(path), "after the end, too");
});
