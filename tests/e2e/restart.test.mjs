// What a restart keeps: the pins, in the file beside the cookie key.
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cookie_of, get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";

const kNames = ["w1", "w2", "w3"];
const kClients = 30; // equals are chosen from at random: a table that was lost is noticed

// limpet with a folder that stays over restarts: `start()` again takes what is there.
async function lasting_limpet(stage, settings = {}) {
  const servers = await stage.start_servers("websocket", ...kNames);
  const folder = stage.folder();
  const start = async (changes = {}) => {
    const affinity = { ...settings.affinity, cookie: { secret_file: join(folder, "cookie.key") } };
    const limpet = await stage.start_limpet({ backends: servers, ...settings, affinity, ...changes });
    for (const { name } of changes.backends ?? servers) await limpet.admin.until_health(name, "up");
    return limpet;
  };
  return { start, servers, folder, file: join(folder, "pins.state") };
}

const addresses = Array.from({ length: kClients }, (_, i) => `127.0.0.${i + 2}`);

async function visit_all(limpet) {
  const reached = [];
  for (const from of addresses) reached.push((await get(limpet.url, { from })).headers["x-backend"]);
  return reached;
}

async function leave(limpet) {
  limpet.signal("SIGTERM");
  assert.equal((await limpet.exit()).code, 0);
}

scenario("a client that is known by its address keeps its backend over a restart", async (stage) => {
  const { start, file } = await lasting_limpet(stage, { affinity: { by: "client_ip", balance: "least_sessions" } });
  const first = await start();
  const before = await visit_all(first);
  const pins = await first.admin.affinity();
  await leave(first);
  assert.equal(statSync(file).mode & 0o777, 0o600);

  const second = await start();
  const [restored] = second.events("pins_restored");
  assert.deepEqual([restored.restored, restored.dropped, restored.file], [kClients, 0, file]);
  const by_key = (a, b) => a.key.localeCompare(b.key);
  const facts = ({ key, kind, pool, backend, reason }) => ({ key, kind, pool, backend, reason });
  const after = await second.admin.affinity();
  assert.deepEqual(after.map(facts).sort(by_key), pins.map(facts).sort(by_key));
  for (const { key, created } of pins) {
    const now = after.find((pin) => pin.key === key);
    assert.ok(Math.abs(Date.parse(now.created) - Date.parse(created)) < 1000, `${key} was made at ${created}`);
  }
  assert.deepEqual(await visit_all(second), before);
});

scenario("a client with a cookie, and one set by hand, keep their backends over a restart", async (stage) => {
  const { start } = await lasting_limpet(stage);
  const first = await start();
  const clients = [];
  for (let i = 0; i < kClients; ++i) {
    const answer = await get(first.url);
    clients.push({ cookie: cookie_of(answer), backend: answer.headers["x-backend"] });
  }
  // An operator's word stands above the cookie, and is in the table alone.
  const [moved] = await first.admin.affinity();
  const to = kNames.find((name) => name !== moved.backend);
  await first.admin.json(`/v1/affinity/${moved.key}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ backend: to }),
  });
  await leave(first);

  const second = await start();
  assert.equal((await second.admin.json(`/v1/affinity/${moved.key}`)).backend, to);
  let moved_clients = 0;
  for (const { cookie, backend } of clients) {
    const reached = (await get(second.url, { headers: { cookie } })).headers["x-backend"];
    moved_clients += reached === backend ? 0 : 1;
    assert.ok(reached === backend || reached === to);
  }
  assert.equal(moved_clients, 1);
});

scenario("pins of a backend that is not there any more are dropped and counted", async (stage) => {
  const { start, servers } = await lasting_limpet(stage, { affinity: { by: "client_ip" } });
  const first = await start();
  const before = await visit_all(first);
  await leave(first);
  const second = await start({ backends: servers.slice(0, 2) });
  const [restored] = second.events("pins_restored");
  const gone = before.filter((name) => name === "w3").length;
  assert.deepEqual([restored.restored, restored.dropped], [kClients - gone, gone]);
});

scenario("a damaged file is told once, kept aside, and holds nobody up", async (stage) => {
  const { start, file } = await lasting_limpet(stage, { affinity: { by: "client_ip" } });
  const first = await start();
  await visit_all(first);
  await leave(first);
  const bytes = readFileSync(file);
  bytes[bytes.length - 30] ^= 0x10;
  writeFileSync(file, bytes);

  const second = await start();
  const ignored = second.events("pins_ignored");
  assert.equal(ignored.length, 1);
  assert.equal(ignored[0].file, file);
  assert.match(ignored[0].detail, /block \d+ is damaged; kept as .*pins\.state\.damaged/);
  assert.deepEqual(readFileSync(`${file}.damaged`), bytes);
  assert.equal((await second.admin.affinity()).length, 0);
  await visit_all(second);
  await leave(second);
  assert.equal((await start()).events("pins_restored")[0].restored, kClients);
});

scenario("a second process with the same file reads it, says so, and does not write it", async (stage) => {
  const { start, file } = await lasting_limpet(stage, { affinity: { by: "client_ip" } });
  const zeroth = await start();
  await visit_all(zeroth);
  await leave(zeroth);
  const first = await start();
  const second = await start();
  assert.equal(second.events("pins_restored")[0].restored, kClients);
  assert.match(second.events("pins_not_saved")[0].detail, /another process keeps its pins/);
  const before = readFileSync(file);
  await get(second.url, { from: "127.0.0.200" });
  await leave(second);
  assert.deepEqual(readFileSync(file), before);
  await leave(first);
});

scenario("where pins cannot be kept, or shall not be, the service goes on", async (stage) => {
  const { start, file, folder } = await lasting_limpet(stage, { affinity: { by: "client_ip" } });
  const nowhere = await start({ state: { file: join(folder, "missing", "pins.state") } });
  assert.equal(nowhere.events("pins_not_saved").length, 1);
  await visit_all(nowhere);
  await leave(nowhere);
  assert.equal(nowhere.events("pins_not_saved").length, 1);
  const off = await start({ state: { file: "off" } });
  await visit_all(off);
  await leave(off);
  assert.equal(existsSync(file), false);
});
