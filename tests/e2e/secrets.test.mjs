// What clients, backends and operators keep to themselves stays out of the log, the metrics and what is said on the terminal, at
// the level that says most.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { get, request } from "./support/http_client.mjs";
import { limpet_command } from "./support/limpet.mjs";
import { edit, write } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

// Each secret has the mark in it, and so has what it looks like in base64.
const kMark = "Hush7Hush";
const secret = (name) => `${kMark}-${name}-0123456789`;
const kMarks = [kMark, Buffer.from(kMark).toString("base64"), encodeURIComponent(kMark)];

function expect_silence(text, where) {
  for (const mark of kMarks) {
    const at = text.indexOf(mark);
    assert.equal(at, -1, `${where}: ...${text.slice(Math.max(0, at - 200), at + 60)}`);
  }
}

async function guarded(stage) {
  const backend = await stage.serve_http((asked, answer) => {
    if (asked.url.startsWith("/cut")) asked.socket.destroy();
    else if (asked.url.startsWith("/bad")) asked.socket.end("HTTP/1.1 200 OK\r\nSet-Cookie " + secret("bad") + "\r\n\r\n");
    else answer.writeHead(200, { "Set-Cookie": `sid=${secret("set-cookie")}` }).end("well");
  });
  const [server] = await stage.start_servers("websocket", "w1");
  const file = join(stage.folder(), "admin.token");
  writeFileSync(file, secret("admin"));
  chmodSync(file, 0o600);
  const limpet = await stage.start_limpet(
    {
      pools: {
        default: { backends: [backend], affinity: { by: "query:token" } },
        sessions: { backends: [server], affinity: { by: "header:Authorization" } },
      },
      routes: [{ path: "/chat", pool: "sessions" }, { pool: "default" }],
      admin: { bind: "127.0.0.1:0", token_file: file },
      state: { store: "redis", redis: { url: `redis://node:${secret("redis")}@127.0.0.1:1/0`, timeout: "50ms" } },
      log: { level: "debug" },
    },
    { ready: false },
  );
  const headers = { Authorization: `Bearer ${secret("admin")}` };
  return { limpet, backend, headers };
}

const kHeaders = { Cookie: `limpet=${secret("cookie")}; other=${secret("other")}`, Authorization: `Basic ${secret("basic")}`, "X-Api-Key": secret("key") };

scenario("no secret gets into the log, the metrics or the answers about the process", async (stage) => {
  const { limpet, headers } = await guarded(stage);
  const admin = limpet.admin.url;
  await until(async () => (await get(`${admin}/readyz`)).status === 200, { what: "limpet is ready" });
  await until(() => limpet.events("shared_state_down").length > 0, { what: "the Redis is away" });

  for (const path of ["/page", "/cut", "/bad"]) await get(`${limpet.url}${path}?token=${secret("query")}`, { headers: kHeaders }).catch(() => {});
  const client = await stage.open_websocket(`${limpet.ws_url}/chat?token=${secret("query")}`, { headers: kHeaders });
  await client.echo(secret("message"));
  await request(`${limpet.url}/page`, { method: "POST", body: secret("body"), headers: kHeaders });
  // Malformed in ways that have a detail each.
  for (const text of [`GET /?${secret("line")} HTTP/9.9\r\n\r\n`, `GET / HTTP/1.1\r\nHost: a\r\nCookie ${secret("field")}\r\n\r\n`, `${secret("method")}\r\n\r\n`]) {
    const connection = await stage.connect(limpet.port);
    connection.send(text);
    await connection.ending();
  }
  // The admin endpoint, asked with the token, a wrong one, and for what is not there.
  for (const wrong of [headers, { Authorization: `Bearer ${secret("wrong")}` }, {}]) {
    await get(`${admin}/v1/nothing`, { headers: wrong });
    await get(`${admin}/v1/status?token=${secret("query")}`, { headers: wrong });
  }
  const pinned = `${admin}/v1/affinity/${secret("pin")}?pool=default&kind=query`;
  assert.equal((await request(pinned, { method: "PUT", headers: { ...headers, "Content-Type": "application/json" }, body: '{"backend":"http"}' })).status, 200);
  assert.equal((await request(pinned, { method: "DELETE", headers })).status, 200);

  // Reloads: another password, one that cannot be read, and a file that is none.
  const reload = () => request(`${admin}/v1/reload`, { method: "POST", headers });
  const before = readFileSync(limpet.file, "utf8");
  for (const url of [`redis://node:${secret("next")}@127.0.0.1:2/0`, `redis://node:${secret("broken")}@/:`, `http://${secret("scheme")}@x`]) {
    edit(limpet, (settings) => (settings.state.redis.url = url));
    expect_silence((await reload()).body.toString(), `a reload to ${url.slice(0, 6)}`);
  }
  write(limpet, `state: {redis: {url: "${secret("torn")}`);
  await reload();
  write(limpet, before);
  await reload();
  await client.end(1000);
  await until(() => limpet.events("session_end").length === 1);

  for (const path of ["/metrics", "/v1/status", "/v1/events", "/v1/history", "/v1/backends"]) {
    const answer = await get(admin + path, { headers });
    assert.equal(answer.status, 200, path);
    expect_silence(answer.body.toString(), path);
  }
  limpet.signal("SIGTERM");
  await limpet.exit();
  assert.ok(limpet.events("request").length >= 3 && limpet.events("refused").length >= 1, "there is a log to look at");
  expect_silence(limpet.lines.join("\n"), "the log");
  expect_silence(limpet.output, "standard output");
  const [opened] = limpet.events("session_open");
  assert.match(opened.key, /^sha1:[0-9a-f]{40}$/, "a header that is a key is told by its digest");
});

scenario("limpet check names what is wrong without saying what is secret", async (stage) => {
  const file = join(stage.folder(), "limpet.yaml");
  writeFileSync(file, JSON.stringify({ backends: ["127.0.0.1:1"], state: { store: "redis", redis: { url: `redis://node:${secret("redis")}@127.0.0.1:99999/0` } } }));
  const refused = await limpet_command("check", file);
  assert.equal(refused.code, 1);
  expect_silence(JSON.stringify(refused), "check");
  writeFileSync(file, JSON.stringify({ backends: ["127.0.0.1:1"], state: { store: "redis", redis: { url: `redis://node:${secret("redis")}@127.0.0.1:1/0` } } }));
  expect_silence(JSON.stringify(await limpet_command("check", "--print", file)), "check --print");
});
