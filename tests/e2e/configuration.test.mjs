// Configuration files, good and bad, and the commands that read them: what is printed and with which code they exit.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { get } from "./support/http_client.mjs";
import { kBinary, limpet_command } from "./support/limpet.mjs";
import { run_program } from "./support/child.mjs";
import { scenario } from "./support/scenario.mjs";
import { Pki } from "./support/tls.mjs";

const kConf = new URL("../../conf/", import.meta.url).pathname;
const kMinimal = "listeners:\n  - bind: 127.0.0.1:0\nbackends:\n  - address: 127.0.0.1:3000\n";

function file_with(stage, text, name = "limpet.yaml") {
  const file = join(stage.folder(), name);
  writeFileSync(file, text);
  return file;
}

scenario("a good file is ok", async (stage) => {
  const checked = await limpet_command("check", file_with(stage, kMinimal));
  assert.deepEqual([checked.code, checked.stdout], [0, "ok\n"]);
});

// The files of conf, with the certificates that they name.
function* files_of_conf(stage) {
  const pki = new Pki(stage.folder());
  pki.issue("site", "DNS:localhost");
  pki.issue("site-rsa", "DNS:localhost", { rsa: true });
  for (const name of readdirSync(kConf).filter((name) => name.endsWith(".yaml"))) {
    const text = readFileSync(join(kConf, name), "utf8").replaceAll(/\/etc\/limpet\/(?=[a-z-]+\.(pem|key))/g, `${pki.folder}/`);
    yield { name, file: file_with(stage, text, name) };
  }
}

scenario("every file in conf is ok", async (stage) => {
  for (const { name, file } of files_of_conf(stage)) {
    const checked = await limpet_command("check", file);
    assert.equal(checked.code, 0, `${name}: ${checked.stderr}`);
  }
});

// What is wrong, where it is said to be, and what the message must name.
const kMistakes = [
  ["an unknown key", `${kMinimal}retrys: 3\n`, "5:1", /retrys.*retries/],
  ["an unknown nested key", `${kMinimal}affinity:\n  bye: cookie\n`, "6:3", /bye/],
  ["a word for a number", `${kMinimal}retries: many\n`, "5:10", /retries/],
  ["a list for a duration", `${kMinimal}timeouts:\n  idle: [1, 2]\n`, "6:9", /idle/],
  ["a number without its unit", `${kMinimal}timeouts:\n  idle: 15\n`, "6:9", /idle/],
  ["a number out of range", `${kMinimal}retries: 1000\n`, "5:10", /retries/],
  ["a backend twice", `${kMinimal}  - {name: b, address: "127.0.0.1:1"}\n  - {name: b, address: "127.0.0.1:2"}\n`, "6:", /"?b"?/],
  ["a key twice", `${kMinimal}retries: 1\nretries: 2\n`, "6:", /retries/],
  ["an address without a port", kMinimal.replace("127.0.0.1:3000", "127.0.0.1"), "4:14", /address/],
  ["what is not YAML", "listeners: [\n", ":", /./],
  ["no listener", "backends:\n  - address: 127.0.0.1:3000\n", ":", /listeners/],
  ["no backend", "listeners:\n  - bind: 127.0.0.1:0\n", ":", /backends/],
  ["a rate without its span", `${kMinimal}limits:\n  handshakes_per_client: 50\n`, "6:26", /50\/s/],
  ["a number of sessions that is none", `${kMinimal}limits:\n  sessions_per_client: -1\n`, "6:24", /sessions_per_client/],
  ["an origin with a path", `${kMinimal}limits:\n  websocket_origins:\n    - null\n    - https://a.test/\n`, "8:7", /leave out the path/],
  ["an origin without a scheme", `${kMinimal}limits: {websocket_origins: [a.test]}\n`, "5:30", /https:\/\/app\.example\.com/],
  ["an open admin endpoint without a token", `${kMinimal}admin:\n  bind: 0.0.0.0:0\n`, "6:9", /token_file/],
  ["a token file that is not there", `${kMinimal}admin:\n  token_file: /nowhere/admin.token\n`, "6:15", /\/nowhere\/admin\.token.*openssl/],
  ["a route to no pool", `${kMinimal}routes:\n  - {path: /a, pool: nowhere}\n`, "6:", /nowhere/],
];

scenario("each mistake is told with its place, by check and by run", async (stage) => {
  for (const [what, text, place, message] of kMistakes) {
    const file = file_with(stage, text);
    for (const command of ["check", "run"]) {
      const told = await limpet_command(command, file);
      assert.equal(told.code, 1, `${what}: exit code of ${command}`);
      assert.equal(told.stdout, "", what);
      assert.ok(told.stderr.startsWith(file), `${what}: ${told.stderr}`);
      assert.ok(told.stderr.includes(place), `${what}: expected at ${place}: ${told.stderr}`);
      assert.match(told.stderr, message, what);
    }
  }
});

scenario("all mistakes of a file are told at once", async (stage) => {
  const file = file_with(stage, `${kMinimal}retrys: 3\nretries: many\nhealth:\n  probe: telepathy\n`);
  const told = await limpet_command("check", file);
  assert.equal(told.code, 1);
  assert.equal(told.stderr.split("\n").filter((line) => line.startsWith(file)).length, 3, told.stderr);
  for (const word of ["retrys", "many", "telepathy"]) assert.match(told.stderr, new RegExp(word));
});

scenario("a file that does not exist is a bad configuration", async (stage) => {
  const file = join(stage.folder(), "nothing.yaml");
  for (const command of ["check", "run"]) {
    const told = await limpet_command(command, file);
    assert.equal(told.code, 1);
    assert.match(told.stderr, /nothing\.yaml/);
  }
});

scenario("what check prints is complete and loads again to the same", async (stage) => {
  for (const { name, file } of files_of_conf(stage)) {
    const printed = await limpet_command("check", "--print", file);
    assert.equal(printed.code, 0);
    assert.match(printed.stdout, /retries: 2/, "defaults are there");
    const again = await limpet_command("check", "--print", file_with(stage, printed.stdout));
    assert.equal(again.code, 0, `${name}: ${again.stderr}`);
    assert.equal(again.stdout, printed.stdout, name);
  }
});

scenario("environment variables are put in, and one that is missing is a mistake", async (stage) => {
  const text = kMinimal.replace("3000", "${E2E_BACKEND_PORT}") + "retries: ${E2E_RETRIES:-7}\n";
  const file = file_with(stage, text);
  const good = await run_program(kBinary, ["check", "--print", file], { env: { E2E_BACKEND_PORT: "4711" } });
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /127\.0\.0\.1:4711/);
  assert.match(good.stdout, /retries: 7/);
  const bad = await limpet_command("check", file);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /E2E_BACKEND_PORT/);
});

scenario("a backend whose name does not resolve is down, and the others serve", async (stage) => {
  const backend = await stage.serve_http((_, answer) => answer.end("well"));
  const limpet = await stage.start_limpet({ backends: [{ name: "lost", address: "nowhere.invalid:80" }, backend] });
  for (let i = 0; i < 5; ++i) assert.equal((await get(limpet.url)).body.toString(), "well");
  await limpet.admin.until_health("http", "up");
  assert.notEqual((await limpet.admin.backend("lost")).health, "up");
});

scenario("a backend named localhost is resolved", async (stage) => {
  const backend = await stage.script_backend(
    async (connection) => {
      await connection.read_head();
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell").finish();
    },
    { where: { host: "127.0.0.1", port: 0 } },
  );
  const address = backend.address.replace("127.0.0.1", "localhost");
  const limpet = await stage.start_limpet({ backends: [{ name: "local", address }] });
  await limpet.admin.until_health("local", "up");
  assert.equal((await get(limpet.url)).body.toString(), "well");
});

scenario("a port in use ends the start with code 3 and a message that names it", async (stage) => {
  const taken = await stage.script_backend(() => {});
  const common = "affinity:\n  by: none\nbackends:\n  - address: 127.0.0.1:1\n";
  const files = [
    `listeners:\n  - bind: ${taken.address}\nadmin:\n  bind: off\n${common}`,
    `listeners:\n  - bind: 127.0.0.1:0\nadmin:\n  bind: ${taken.address}\n${common}`,
  ];
  for (const text of files) {
    const told = await limpet_command("run", file_with(stage, text));
    assert.equal(told.code, 3, told.stderr);
    assert.ok(told.stderr.includes(taken.address), told.stderr);
  }
});

const with_key_file = (path) => `${kMinimal}admin:\n  bind: off\naffinity:\n  cookie:\n    secret_file: ${path}\n`;

scenario("a key file that cannot be used ends the start with code 3 and its name", async (stage) => {
  const folder = stage.folder();
  const garbage = file_with(stage, "short\n", "cookie.key");
  for (const path of [folder, join(garbage, "cookie.key"), garbage]) {
    const told = await limpet_command("run", file_with(stage, with_key_file(path)));
    assert.equal(told.code, 3, `${path}: ${told.stderr}`);
    assert.ok(told.stderr.includes(path), told.stderr);
  }
});

scenario("the key file is made at the first start and kept by the next", async (stage) => {
  const secret_file = join(stage.folder(), "cookie.key");
  const backend = await stage.serve_http((_, answer) => answer.end());
  const settings = { backends: [backend], affinity: { cookie: { secret_file } } };
  await (await stage.start_limpet(settings)).stop();
  const key = readFileSync(secret_file, "utf8");
  assert.ok(key.trim().length >= 32);
  await (await stage.start_limpet(settings)).stop();
  assert.equal(readFileSync(secret_file, "utf8"), key);
});

scenario("version prints the version, and help helps", async () => {
  for (const words of [["version"], ["--version"]]) {
    const told = await limpet_command(...words);
    assert.equal(told.code, 0);
    assert.match(told.stdout, /^limpet \d+\.\d+\.\d+\n$/);
  }
  const help = await limpet_command("--help");
  assert.equal(help.code, 0);
  for (const word of ["run", "check", "demo", "version", "status"]) assert.match(help.stdout, new RegExp(`\\b${word}\\b`));
});

scenario("bad usage exits with code 2 and says why", async (stage) => {
  const file = file_with(stage, kMinimal);
  const wrong = [
    [],
    ["fly"],
    ["run"],
    ["check"],
    ["run", file, "more"],
    ["check", "--paint", file],
    ["demo", "--for", "ever"],
    ["demo", "--port", "x"],
  ];
  for (const words of wrong) {
    const told = await limpet_command(...words);
    assert.equal(told.code, 2, `limpet ${words.join(" ")}: ${told.stderr}`);
    assert.notEqual(told.stderr, "", `limpet ${words.join(" ")}`);
  }
});
