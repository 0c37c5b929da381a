// GET /metrics against real traffic: the numbers are those of what has happened.
import assert from "node:assert/strict";
import test from "node:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { get, request } from "./support/http_client.mjs";
import { promtool, read_metrics } from "./support/metrics.mjs";
import { call, reload, write } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNoPromtool = promtool(["--version"]) ? false : "promtool is not there (scripts/setup fetches it)";
const kDashboard = new URL("../../packaging/grafana/limpet.json", import.meta.url).pathname;
const kAlertStories = new URL("../../packaging/prometheus/alerts_test.yml", import.meta.url).pathname;
const kAlerts = new URL("../../packaging/prometheus/alerts.yml", import.meta.url).pathname;

async function two_backends(stage, settings = {}) {
  const servers = await stage.start_servers("websocket", "w1", "w2");
  const limpet = await stage.start_limpet({ backends: servers, workers: 2, ...settings });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  const crowd = (count) => Promise.all(Array.from({ length: count }, () => stage.open_websocket(limpet.ws_url)));
  return { servers, limpet, admin: limpet.admin, crowd };
}

const live = (metrics, backend = {}) => metrics.sum("limpet_backend_sessions", { kind: "websocket", ...backend });

// Every session that was opened is live or has ended.
function expect_balance(metrics) {
  const opened = metrics.sum("limpet_sessions_opened_total");
  assert.equal(opened, metrics.sum("limpet_sessions_ended_total") + live(metrics));
  return opened;
}

// Waits until `seen` holds of the numbers, and answers them.
async function until_metrics(admin, what, seen) {
  let metrics;
  await until(async () => seen((metrics = await read_metrics(admin))), { what });
  return metrics;
}

scenario("sessions are counted as they open, live and end", async (stage) => {
  const { admin, crowd } = await two_backends(stage);
  const clients = await crowd(10);
  for (const client of clients) await client.echo("hello");
  const during = await read_metrics(admin);
  assert.equal(expect_balance(during), 10);
  for (const backend of ["w1", "w2"]) assert.equal(live(during, { backend }), 5, "least sessions: five each");
  assert.equal(during.sum("limpet_pool_imbalance_ratio", { pool: "default" }), 1);
  assert.equal(during.sum("limpet_pool_eligible_backends"), 2);
  for (const client of clients.slice(0, 4)) await client.end(1000);
  const after = await until_metrics(admin, "four have ended", (metrics) => live(metrics) === 6);
  assert.equal(expect_balance(after), 10);
  assert.equal(after.sum("limpet_ends_total", { reason: "client_closed" }), 4);
});

scenario("requests are counted by backend", async (stage) => {
  const { limpet, admin } = await two_backends(stage);
  for (let i = 0; i < 8; ++i) await get(limpet.url);
  const metrics = await until_metrics(
    admin,
    "eight answers are counted",
    (seen) => seen.sum("limpet_ends_total", { reason: "completed" }) === 8,
  );
  assert.equal(metrics.sum("limpet_requests_total"), 8);
  assert.equal(metrics.sum("limpet_backend_requests_total"), 8);
  assert.equal(metrics.sum("limpet_backend_sessions"), 0);
});

scenario("a handshake that is refused is counted under its cause", async (stage) => {
  const { limpet, admin } = await two_backends(stage, { limits: { websocket_origins: ["https://good.example"] } });
  await assert.rejects(stage.open_websocket(limpet.ws_url, { origin: "https://evil.example" }));
  await stage.open_websocket(limpet.ws_url, { origin: "https://good.example" });
  const metrics = await until_metrics(
    admin,
    "the session is counted",
    (seen) => seen.sum("limpet_sessions_opened_total") === 1 && live(seen) === 1,
  );
  assert.equal(metrics.sum("limpet_ends_total", { reason: "origin" }), 1);
  assert.equal(expect_balance(metrics), 1);
});

scenario("a drain is seen going on, and its sessions end for it", async (stage) => {
  const { admin, crowd } = await two_backends(stage, { drain: { rate: "5/s", grace: "20s" } });
  await crowd(8);
  const told = await request(`${admin.url}/v1/backends/w1/drain`, { method: "POST" });
  assert.equal(told.status, 200);
  const during = await read_metrics(admin);
  assert.equal(during.sum("limpet_backend_draining", { backend: "w1" }), 1);
  assert.equal(during.sum("limpet_backend_eligible", { backend: "w1" }), 0);
  assert.equal(during.find("limpet_drain_rate", { backend: "w1" }).length, 1);
  assert.equal(during.find("limpet_drain_rate", { backend: "w2" }).length, 0);
  const after = await until_metrics(admin, "w1 is empty", (metrics) => live(metrics, { backend: "w1" }) === 0);
  assert.equal(after.sum("limpet_ends_total", { reason: "drained" }), 4);
  assert.equal(after.sum("limpet_sessions_sent_away_total"), 4);
  assert.equal(expect_balance(after), 8);
});

scenario("a backend that is killed is down, and its sessions ended for that", async (stage) => {
  const { servers, admin, crowd } = await two_backends(stage);
  await crowd(6);
  await servers[0].kill();
  const metrics = await until_metrics(
    admin,
    "w1 is down and empty",
    (seen) => seen.sum("limpet_backend_up", { backend: "w1" }) === 0 && live(seen, { backend: "w1" }) === 0,
  );
  assert.equal(metrics.sum("limpet_backend_probe_success", { backend: "w1" }), 0);
  const ended = metrics.sum("limpet_ends_total", { reason: "backend_reset" }) +
    metrics.sum("limpet_ends_total", { reason: "backend_closed" });
  assert.equal(ended, 3);
  assert.equal(live(metrics, { backend: "w2" }), 3);
  assert.equal(expect_balance(metrics), 6);
});

scenario("the process tells its memory, descriptors and time", async (stage) => {
  const { limpet, admin, crowd } = await two_backends(stage);
  const before = await read_metrics(admin);
  assert.ok(before.sum("limpet_resident_memory_bytes") > 1024 * 1024);
  assert.ok(before.sum("limpet_cpu_seconds_total") > 0);
  const age_s = Date.now() / 1000 - before.sum("limpet_start_time_seconds");
  assert.ok(age_s > 0 && age_s < 90, `started ${age_s} s ago`);
  assert.equal(before.sum("limpet_workers"), 2);
  assert.equal(before.sum("limpet_ready"), 1);
  await crowd(20);
  const after = await read_metrics(admin);
  const grown = after.sum("limpet_open_descriptors") - before.sum("limpet_open_descriptors");
  assert.ok(grown >= 40, `${grown} descriptors for 20 sessions`);
  assert.ok(after.sum("limpet_max_descriptors") > after.sum("limpet_open_descriptors"));
  assert.equal(after.sum("limpet_open_connections"), 20);
});

scenario("names that need escaping, a thousand of them, are read back", async (stage) => {
  const odd = 'a"b\\c';
  const many = Array.from({ length: 999 }, (_, i) => ({ name: `b${i}`, address: `127.0.0.1:${20000 + i}` }));
  const limpet = await stage.start_limpet(
    { backends: [{ name: odd, address: "127.0.0.1:1" }, ...many], health: { probe: "none" } },
  );
  await read_metrics(limpet.admin);
  const began = performance.now();
  const { body } = await limpet.admin.answer("/metrics");
  const took_ms = performance.now() - began;
  assert.ok(took_ms < 500, `a scrape took ${took_ms} ms`);  // a hundredth of it is its rule on a machine that is idle
  assert.ok(body.length < 4 * 1024 * 1024, `a scrape has ${body.length} bytes`);
  const metrics = await read_metrics(limpet.admin);
  assert.equal(metrics.find("limpet_backend_up").length, 1000);
  assert.equal(metrics.find("limpet_backend_up", { backend: odd }).length, 1);
});

scenario("messages, frames, bytes and closes are counted where they pass", async (stage) => {
  const { admin, crowd } = await two_backends(stage);
  const clients = await crowd(4);
  for (const client of clients) for (let i = 0; i < 3; ++i) await client.echo("hello");
  for (const client of clients) await client.end(4001);
  const metrics = await until_metrics(admin, "all have ended", (seen) => live(seen) === 0);
  for (const from of ["client", "backend"]) {
    assert.equal(metrics.sum("limpet_backend_messages_total", { from }), 12, from);
    assert.equal(metrics.sum("limpet_backend_frames_total", { from, opcode: "text" }), 12, from);
    assert.equal(metrics.sum("limpet_backend_frames_total", { from, opcode: "close" }), 4, from);
    assert.equal(metrics.sum("limpet_pool_message_bytes_count", { pool: "default", from }), 12, from);
    assert.equal(metrics.sum("limpet_pool_message_bytes_sum", { from }), 12 * 5, from);
  }
  // Six bytes of header and mask with each frame of a client, two with each of a backend; a Close has its code.
  assert.equal(metrics.sum("limpet_backend_received_bytes_total", { from: "client" }), 12 * 11 + 4 * 8);
  assert.equal(metrics.sum("limpet_backend_received_bytes_total", { from: "backend" }), 12 * 7 + 4 * 4);
  assert.equal(metrics.sum("limpet_pool_closes_total", { by: "client", code: "4xxx" }), 4);
  assert.equal(metrics.sum("limpet_backend_sessions_opened_total"), 4);
  assert.equal(metrics.sum("limpet_backend_sessions_ended_total", { reason: "client_closed" }), 4);
  assert.equal(metrics.sum("limpet_backend_handshakes_total", { outcome: "101" }), 4);
  assert.equal(metrics.sum("limpet_pool_handshake_seconds_count"), 4);
});

scenario("reloads are counted, and the counts of what stays go on while those of a removed backend end", async (stage) => {
  const { limpet, admin, crowd } = await two_backends(stage, { drain: { grace: "1s" } });
  for (const client of await crowd(4)) await client.echo("hello");
  write(limpet, "nonsense: [");
  await reload(limpet, { status: 422 });
  await call(limpet, "DELETE", "/v1/backends/w2");
  const metrics = await until_metrics(admin, "w2 has left", (seen) => seen.find("limpet_backend_up").length === 1);
  assert.equal(metrics.sum("limpet_config_reloads_total", { result: "refused" }), 1);
  assert.equal(metrics.find("limpet_backend_messages_total", { backend: "w2" }).length, 0);
  assert.equal(metrics.sum("limpet_backend_messages_total", { from: "client" }), 2);
  assert.equal(metrics.sum("limpet_pool_message_bytes_count", { from: "client" }), 4, "the pool's go on");
});

scenario("a storm of clients that come back, and the health of a backend, are seen", async (stage) => {
  const { servers, limpet, admin, crowd } = await two_backends(stage, { affinity: { by: "client_ip" } });
  await (await crowd(1))[0].end(1000);
  await until_metrics(admin, "it has ended", (seen) => live(seen) === 0);
  await crowd(1);
  const metrics = await until_metrics(admin, "it has come back", (seen) => seen.sum("limpet_pool_reconnects_total") === 1);
  assert.equal(metrics.sum("limpet_pool_decisions_total", { reason: "pin" }), 1);
  assert.equal(metrics.sum("limpet_worker_lag_seconds_count") > 0, true);
  await servers[0].kill();
  await limpet.admin.until_health("w1", "down");
  const after = await read_metrics(admin);
  assert.equal(after.sum("limpet_backend_health_changes_total", { backend: "w1", to: "up" }), 1);
  assert.equal(after.sum("limpet_backend_health_changes_total", { backend: "w1", to: "down" }), 1);
});

scenario("promtool finds nothing wrong with the metrics", async (stage) => {
  const { limpet, admin, crowd } = await two_backends(stage);
  await crowd(2);
  await get(limpet.url);
  const checked = promtool(["check", "metrics"], (await read_metrics(admin)).text);
  assert.deepEqual(checked, { status: 0, said: "" });
}, { skip: kNoPromtool });

test("promtool takes the example alerts", { skip: kNoPromtool }, () => {
  const checked = promtool(["check", "rules", kAlerts]);
  assert.equal(checked.status, 0, checked.said);
});

test("the example alerts fire when they should, and not otherwise", { skip: kNoPromtool }, () => {
  const tested = promtool(["test", "rules", kAlertStories]);
  assert.equal(tested.status, 0, tested.said);
});

// Every query of the dashboard, the variables replaced by what could stand there.
function dashboard_queries() {
  const queries = [];
  const collect = (value, key) => {
    if (typeof value === "string") {
      if (key === "expr" || key === "query") queries.push(value);
    } else if (value !== null && typeof value === "object") {
      for (const [name, inner] of Object.entries(value)) collect(inner, name);
    }
  };
  collect(JSON.parse(readFileSync(kDashboard, "utf8")));
  return queries
    .map((query) => query.replaceAll("$__rate_interval", "1m").replace(/\$(instance|pool)/g, ".*"))
    .filter((query) => query.includes("limpet_"));
}

// What is asked of a metric that is not there is never seen.
test("the example alerts and the dashboard ask for metrics that there are", () => {
  const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const types = new Map([...page.matchAll(/^\| `(limpet_[a-z0-9_]+)` \| (\w+) \|/gm)].map(([, name, type]) => [name, type]));
  const queries = dashboard_queries();
  assert.ok(queries.length > 40);
  for (const [name] of [readFileSync(kAlerts, "utf8"), ...queries].join("\n").matchAll(/limpet_[a-z0-9_]+/g)) {
    const of_histogram = name.replace(/_(bucket|sum|count)$/, "");
    assert.ok(types.has(name) ? types.get(name) !== "histogram" : types.get(of_histogram) === "histogram", name);
  }
});

test("promtool takes every query of the dashboard", { skip: kNoPromtool }, () => {
  const expressions = dashboard_queries().filter((query) => !query.startsWith("label_values"));
  const rules = expressions.map((expr, i) => ({ record: `dashboard:query:${i}`, expr }));
  const folder = mkdtempSync(join(tmpdir(), "limpet-rules-"));
  try {
    const file = join(folder, "rules.json");  // JSON is YAML
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    const checked = promtool(["check", "rules", file]);
    assert.equal(checked.status, 0, checked.said);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
