// The admin endpoint on an address that others reach: with a token, and bounded.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { run_program } from "./support/child.mjs";
import { get, request } from "./support/http_client.mjs";
import { kBinary, limpet_command } from "./support/limpet.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kToken = "e2e-0123456789abcdef";
const kRight = { Authorization: `Bearer ${kToken}` };

function token_file(stage, text = `${kToken}\n`, mode = 0o600) {
  const file = join(stage.folder(), "admin.token");
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

async function guarded(stage, settings = {}) {
  const backend = await stage.serve_http((_, answer) => answer.end("well"));
  const file = token_file(stage);
  const limpet = await stage.start_limpet({
    backends: [backend],
    affinity: { by: "client_ip" },
    admin: { bind: "0.0.0.0:0", token_file: file },
    ...settings,
  });
  const port = limpet.events("listening").find((event) => event.admin).address.split(":").at(-1);
  return { limpet, file, port: Number(port), url: `http://127.0.0.1:${port}` };
}

scenario("on an open address every call but the probes and the page needs the token", async (stage) => {
  const { limpet, url } = await guarded(stage);
  for (const path of ["/healthz", "/readyz", "/", "/dashboard/dashboard.js"]) assert.equal((await get(url + path)).status, 200, path);
  for (const path of ["/v1/status", "/v1/backends", "/v1/history", "/v1/events", "/v1/affinity", "/v1/sessions", "/nothing"]) {
    for (const headers of [{}, { Authorization: `Bearer ${kToken}x` }, { Authorization: `Basic ${kToken}` }]) {
      const refused = await get(url + path, { headers });
      assert.equal(refused.status, 401, path);
      assert.equal(refused.headers["www-authenticate"], "Bearer");
      assert.match(refused.headers["cache-control"], /no-store/);
      assert.equal(JSON.parse(refused.body.toString()).error, "unauthorized");
    }
  }
  assert.equal((await get(`${url}/v1/status`, { headers: kRight })).status, 200);
  await get(limpet.url, { from: "127.0.0.90" });
  const pin = `${url}/v1/affinity/127.0.0.90`;
  assert.equal((await request(pin, { method: "DELETE" })).status, 401);
  assert.equal((await get(pin, { headers: kRight })).status, 200, "it is still there");
  const foreign = { ...kRight, Origin: "http://evil.test" };
  assert.equal((await request(pin, { method: "DELETE", headers: foreign })).status, 403);
  assert.equal((await request(pin, { method: "DELETE", headers: kRight })).status, 200);
});

scenario("a name in Host counts along with the token alone", async (stage) => {
  const { url, port } = await guarded(stage);
  const status = async (path, headers) => (await get(url + path, { headers })).status;
  for (const Host of [`10.1.2.3:${port}`, "[2001:db8::1]", "localhost"]) {
    assert.equal(await status("/healthz", { Host }), 200, Host);
  }
  const Host = `limpet.example.com:${port}`;
  assert.equal(await status("/healthz", { Host }), 403);
  assert.equal(await status("/v1/status", { Host }), 401);
  assert.equal(await status("/v1/status", { Host, ...kRight }), 200);
});

scenario("the commands bring the token of a file or of the environment", async (stage) => {
  const { file, url } = await guarded(stage);
  const run = (words, env = {}) => run_program(kBinary, [...words, "--admin", url], { env });
  for (const words of [["status"], ["backends"], ["affinity"], ["sessions"]]) {
    const bare = await run(words);
    assert.equal(bare.code, 1, bare.stderr);
    assert.match(bare.stderr, /wants a token.*--token-file FILE.*LIMPET_ADMIN_TOKEN/);
    assert.equal((await run([...words, "--token-file", file])).code, 0, words[0]);
    assert.equal((await run(words, { LIMPET_ADMIN_TOKEN: kToken })).code, 0, words[0]);
  }
  const wrong = await run(["status"], { LIMPET_ADMIN_TOKEN: "0123456789abcdef" });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /refuses this token/);
  const missing = await run(["status", "--token-file", `${file}.not`]);
  assert.equal(missing.code, 2);
  assert.ok(missing.stderr.includes(`${file}.not`), missing.stderr);
});

scenario("a token file that cannot be used is told with its place, by check and by run", async (stage) => {
  const folder = stage.folder();
  const files = [join(folder, "none"), folder, token_file(stage, ""), token_file(stage, "short\n"), token_file(stage, kToken, 0o644)];
  for (const token of files) {
    const file = join(folder, "limpet.yaml");
    const text = `listeners: [{bind: "127.0.0.1:0"}]\nbackends: ["127.0.0.1:1"]\nadmin:\n  token_file: ${token}\n`;
    writeFileSync(file, text);
    for (const command of ["check", "run"]) {
      const told = await limpet_command(command, file);
      assert.equal(told.code, 1, told.stderr);
      assert.ok(told.stderr.startsWith(`${file}:4:15: admin.token_file: `), told.stderr);
      assert.ok(told.stderr.includes(token), told.stderr);
      assert.equal(told.stderr.includes(kToken), false, "the token itself is not told");
    }
  }
});

scenario("the token stands in no log line and no answer", async (stage) => {
  const { limpet, url } = await guarded(stage, { log: { level: "debug" } });
  for (const path of ["/", "/v1/status", "/v1/backends", "/nothing"]) {
    const answer = await get(url + path, { headers: kRight });
    assert.equal(answer.body.includes(kToken), false, path);
  }
  assert.equal(limpet.lines.some((line) => line.includes(kToken)), false);
});

scenario("two hundred silent clients of the admin endpoint keep neither operator nor proxy out", async (stage) => {
  const { limpet, port, url } = await guarded(stage);
  const silent = [];
  stage.add({ stop: () => silent.forEach((socket) => socket.destroy()) });
  let closed = 0;
  for (let i = 0; i < 200; ++i) {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(i % 2 ? "GET /heal" : ""));
    socket.on("error", () => {});
    socket.on("close", () => ++closed);
    socket.resume();
    silent.push(socket);
  }
  await until(() => closed >= 200 - 64, { what: "the oldest silent clients are closed" });
  assert.equal((await get(`${url}/v1/status`, { headers: kRight })).status, 200);
  assert.equal((await get(limpet.url)).body.toString(), "well");
});
