// What limpet shows on a terminal: the live view, and how long work goes on.
import assert from "node:assert/strict";
import { limpet_command } from "./support/limpet.mjs";
import { get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { Terminal } from "./support/terminal.mjs";
import { until } from "./support/until.mjs";

async function pool_of(stage, names, settings = {}) {
  const servers = await stage.start_servers("websocket", ...names);
  const limpet = await stage.start_limpet({ backends: servers, affinity: { by: "header:X-User" }, ...settings });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  const open = (user) => stage.open_websocket(limpet.ws_url, { headers: { "X-User": user } });
  return { servers, limpet, admin: limpet.admin, open };
}

const on_terminal = (stage, limpet, args, options) =>
  stage.add(new Terminal([...args, "--admin", limpet.admin.url], options));

// The backends in the order in which the screen has them.
const rows = (terminal) => [...terminal.screen.text.matchAll(/^[> ] (w\d)\s+(\S+)\s+(\d+) /gm)].map(([, name, state, sessions]) => ({ name, state, sessions: Number(sessions) }));
const names = (terminal) => rows(terminal).map(({ name }) => name).join(" ");

scenario("top shows backends, sessions and events, follows them, and leaves the terminal as it was", async (stage) => {
  const { servers, limpet, open } = await pool_of(stage, ["w1", "w2"]);
  const client = await open("alice");
  const terminal = on_terminal(stage, limpet, ["top"]);
  await terminal.sees(/limpet \d+\.\d+\.\d+ +up /);
  await terminal.sees(new RegExp(`^. ${client.backend} +up +1 `, "m"));
  await terminal.sees(/127\.0\.0\.1:\d+ .*alice$/m);
  await terminal.sees(/opens\/s/);
  await client.echo("hello");
  await open("bob");
  await terminal.sees(/ bob$/m);
  await servers[0].kill();
  await terminal.sees(/w1 is down/);
  await terminal.sees(/^. w1 +down /m);
  await terminal.sees(/\d\d:\d\d:\d\d  w1 of pool default is down/);
  assert.ok(terminal.screen.modes.has("?1049"));
  terminal.type("q");
  assert.deepEqual(await terminal.ended(), { code: 0, signal: null, restored: true });
  assert.ok(terminal.screen.is_as_before);
  assert.deepEqual(terminal.screen.unknown, []);
});

scenario("keys sort, filter and resize what is seen", async (stage) => {
  const { limpet, open, admin } = await pool_of(stage, ["w1", "w2", "w3"]);
  const clients = [];
  while (new Set(clients.map(({ backend }) => backend)).size < 3) clients.push(await open(`user-${clients.length}`));
  const terminal = on_terminal(stage, limpet, ["top"]);
  await terminal.until(() => names(terminal) === "w1 w2 w3");
  for (const client of clients.filter(({ backend }) => backend === "w1")) await client.end(1000);
  await until(async () => (await admin.backend("w1")).sessions === 0);
  await terminal.until(() => rows(terminal)[0].sessions === 0);
  terminal.type("ss");
  await terminal.sees(/by sessions/);
  await terminal.until(() => names(terminal).endsWith("w1"));
  terminal.type("r");
  await terminal.sees(/by sessions, reversed/);
  await terminal.until(() => names(terminal).startsWith("w1"));
  terminal.type("/w3\r");
  await terminal.until(() => names(terminal) === "w3");
  terminal.resize(12, 50);
  await terminal.until(() => terminal.screen.rows.length === 12 && terminal.screen.rows.every((row) => (row ?? "").length <= 50));
  await terminal.until(() => names(terminal) === "w3");
  terminal.type("?");
  await terminal.sees(/select a backend/);
  terminal.type("xq");
  assert.equal((await terminal.ended()).restored, true);
});

scenario("a drain by key shows its plan, is done by y, and is seen through", async (stage) => {
  const { limpet, admin, open } = await pool_of(stage, ["w1", "w2"], { drain: { rate: "20/s" } });
  const clients = [];
  while (clients.length < 8) clients.push(await open(`user-${clients.length}`));
  const terminal = on_terminal(stage, limpet, ["top"]);
  await terminal.until(() => rows(terminal)[0]?.sessions === 4);
  terminal.type("dyyy"); // what is typed before the plan is seen is no answer to it
  await terminal.sees(/drain w1 of pool default\?\n +4 live sessions will be told to go, at 20\/s/);
  terminal.type("n");
  await terminal.sees(/nothing was done/);
  assert.equal((await admin.backend("w1")).mode, "enabled");
  terminal.type("d");
  await terminal.sees(/y does it/);
  terminal.type("y");
  await terminal.sees(/w1: drain is done/);
  await Promise.all(clients.filter(({ backend }) => backend === "w1").map((client) => client.ended()));
  await terminal.sees(/^. w1 +draining +0 .* empty$/m);
  assert.equal((await admin.backend("w1")).mode, "draining");
  terminal.type("e");
  await terminal.sees(/enable w1/);
  terminal.type("y");
  await until(async () => (await admin.backend("w1")).mode === "enabled");
  terminal.type("q");
  assert.equal((await terminal.ended()).code, 0);
});

scenario("whatever ends it, the terminal is as it was before", async (stage) => {
  const { limpet } = await pool_of(stage, ["w1"]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGSEGV", "SIGABRT"]) {
    const terminal = on_terminal(stage, limpet, ["top"]);
    await terminal.sees(/w1/);
    if (signal === "SIGINT") terminal.type("\x03");
    else terminal.send(signal);
    const end = await terminal.ended();
    assert.equal(end.restored, true, signal);
    assert.notEqual(end.signal, null, signal);
    assert.ok(terminal.screen.is_as_before, signal);
  }
});

scenario("it can be stopped and goes on where it was", async (stage) => {
  const { limpet } = await pool_of(stage, ["w1"]);
  const terminal = on_terminal(stage, limpet, ["top"]);
  await terminal.sees(/w1/);
  terminal.send("SIGTSTP");
  await terminal.until(() => terminal.screen.is_as_before);
  terminal.send("SIGCONT");
  await terminal.until(() => terminal.screen.modes.has("?1049"));
  await terminal.sees(/w1/);
  terminal.type("q");
  assert.deepEqual(await terminal.ended(), { code: 0, signal: null, restored: true });
});

scenario("an endpoint that goes away is told, what was seen stays, and keys are answered", async (stage) => {
  const { limpet } = await pool_of(stage, ["w1"]);
  const terminal = on_terminal(stage, limpet, ["top"]);
  await terminal.sees(/^. w1 +up/m);
  await limpet.kill();
  await terminal.sees(/what is shown is older: cannot reach the admin endpoint/);
  assert.match(terminal.screen.text, /^. w1 +up/m);
  terminal.type("q");
  assert.equal((await terminal.ended()).code, 0);
  const gone = await limpet_command("top", "--admin", limpet.admin.url);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /is limpet running/);
});

scenario("what clients say does not reach the terminal as a command", async (stage) => {
  const { limpet, open } = await pool_of(stage, ["w1"]);
  await open("evil\u00c2\u009b2J");
  const terminal = on_terminal(stage, limpet, ["top"]);
  await terminal.sees(/evil\\x/);
  assert.equal(terminal.raw.includes("\u009b"), false);
  terminal.type("q");
  await terminal.ended();
});

scenario("without a terminal top is one report, one a time, or JSON", async (stage) => {
  const { limpet, open, admin } = await pool_of(stage, ["w1", "w2"]);
  const client = await open("alice");
  const once = await limpet_command("top", "--admin", admin.url);
  assert.equal(once.code, 0, once.stderr);
  assert.equal(once.stdout.includes("\x1b"), false);
  assert.match(once.stdout, new RegExp(`^${client.backend} +up +1 `, "m"));
  assert.match(once.stdout, /opens\/s/);
  assert.match(once.stdout, / alice$/m);
  const json = JSON.parse((await limpet_command("top", "--json", "--admin", admin.url)).stdout);
  assert.equal(json.status.sessions, 1);
  assert.equal(json.backends.length, 2);
  assert.equal(json.sessions[0].key, "alice");
  assert.ok(Array.isArray(json.events));
  const dumb = on_terminal(stage, limpet, ["top"], { kind: "dumb" });
  assert.equal((await dumb.ended()).code, 0);
  assert.equal(dumb.raw.includes("\x1b"), false);
  const again = on_terminal(stage, limpet, ["top", "--interval", "1"]);
  await until(() => again.raw.split("BACKEND").length > 4);
  again.send("SIGINT");
  assert.equal((await again.ended()).signal, 2);
  assert.equal((await limpet_command("top", "--interval", "0.1", "--admin", admin.url)).code, 2);
  assert.equal((await limpet_command("top", "--interval", "2", "--once", "--admin", admin.url)).code, 2);
});

scenario("top asks the endpoint about once a second, however many keys are typed", async (stage) => {
  const { limpet, admin } = await pool_of(stage, ["w1"]);
  const calls = [];
  const http = await import("node:http");
  const between = http.createServer(async (request, answer) => {
    calls.push(request.url);
    const { body } = await get(admin.url + request.url);
    answer.setHeader("Content-Type", "application/json");
    answer.end(body);
  });
  await new Promise((resolve) => between.listen(0, "127.0.0.1", resolve));
  stage.add({ stop: () => new Promise((resolve) => between.close(resolve)) });
  const terminal = stage.add(new Terminal(["top", "--admin", `http://127.0.0.1:${between.address().port}`]));
  await terminal.sees(/w1/);
  const began = performance.now();
  const before = calls.filter((url) => url === "/v1/status").length;
  const rounds = () => calls.filter((url) => url === "/v1/status").length - before;
  const typing = setInterval(() => terminal.type("sro/x\x1b"), 20);
  await until(() => rounds() >= 4);
  clearInterval(typing);
  assert.ok(performance.now() - began > 2500, `${rounds()} rounds in ${performance.now() - began} ms`);
  terminal.type("q");
  await terminal.ended();
});

scenario("a drain on a terminal is shown in one line that is written anew, and need not be waited for", async (stage) => {
  const { limpet, open, admin } = await pool_of(stage, ["w1", "w2"], { drain: { rate: "2/s" } });
  const clients = [];
  while (clients.length < 12) clients.push(await open(`user-${clients.length}`));
  const terminal = on_terminal(stage, limpet, ["drain", "w1"]);
  await terminal.sees(/about \ds: \d left, \d told, 0 cut, 2\/s/);
  await Promise.all(clients.filter(({ backend }) => backend === "w1").map((client) => client.ended()));
  assert.equal((await terminal.ended()).code, 0);
  assert.match(terminal.screen.text, /0 left, 6 told, 0 cut, 2\/s\nNAME/);
  assert.equal(terminal.screen.text.match(/ left, /g).length, 1);

  await limpet_command("enable", "w1", "--admin", admin.url);
  const quick = on_terminal(stage, limpet, ["drain", "w2", "--no-wait"]);
  assert.equal((await quick.ended()).code, 0);
  assert.ok((await admin.backend("w2")).drain.remaining > 0);
  // A script does not wait either.
  assert.equal((await limpet_command("drain", "w2", "--rate", "1/s", "--admin", admin.url)).code, 0);
  assert.ok((await admin.backend("w2")).drain.remaining > 0);
  assert.equal((await limpet_command("drain", "w2", "--wait", "--no-wait", "--admin", admin.url)).code, 2);
});
