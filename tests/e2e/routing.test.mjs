// Which pool serves what, and the kinds of address that limpet listens on and connects to.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { upgrade_request, switch_answer } from "./support/frames.mjs";
import { get } from "./support/http_client.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const health = { probe: "none" };
const kHasIpv6 = Object.values(networkInterfaces()).flat().some(({ address }) => address === "::1");

const named = (stage, name) => stage.serve_http((_, answer) => answer.end(name), { name });

scenario("the first route that matches by host and path serves the request", async (stage) => {
  const [chat, api, rest] = await Promise.all(["chat", "api", "rest"].map((name) => named(stage, name)));
  const limpet = await stage.start_limpet({
    backends: [rest],
    pools: { chat: { backends: [chat] }, api: { backends: [api] } },
    routes: [
      { host: "chat.test", path: "/socket", pool: "chat" },
      { path: "/api", pool: "api" },
      { host: "api.test", pool: "api" },
    ],
    health,
  });
  const cases = [
    ["chat.test", "/socket", "chat"],
    ["CHAT.test:8080", "/socket/1?x=/api", "chat"],
    ["chat.test", "/sockets", "rest"],
    ["chat.test", "/", "rest"],
    ["other.test", "/socket", "rest"],
    ["chat.test", "/api/v1", "api"],
    ["other.test", "/apix", "rest"],
    ["api.test", "/anything", "api"],
    ["api.test.evil", "/anything", "rest"],
  ];
  for (const [host, path, pool] of cases) {
    const answer = await get(limpet.url + path, { headers: { Host: host } });
    assert.equal(answer.body.toString(), pool, `${host}${path}`);
  }
});

scenario("each listener serves its pool, and one without a pool answers 404", async (stage) => {
  const [one, two] = await Promise.all(["one", "two"].map((name) => named(stage, name)));
  const limpet = await stage.start_limpet({
    listeners: [{ bind: "127.0.0.1:0", pool: "one" }, { bind: "127.0.0.1:0", pool: "two" }, { bind: "127.0.0.1:0", pool: "" }],
    pools: { one: { backends: [one] }, two: { backends: [two] } },
    routes: [{ path: "/two", pool: "two" }],
    health,
  });
  const [first, second, third] = limpet.urls;
  assert.equal((await get(`${first}/`)).body.toString(), "one");
  assert.equal((await get(`${second}/`)).body.toString(), "two");
  assert.equal((await get(`${first}/two`)).body.toString(), "two");
  assert.equal((await get(`${third}/two`)).body.toString(), "two");
  const lost = await get(`${third}/`);
  assert.equal(lost.status, 404);
  assert.equal(lost.headers["limpet-reason"], "no_route");
});

scenario("the pins of two pools do not meet", async (stage) => {
  const backends = await Promise.all(["b1", "b2"].map((name) => named(stage, name)));
  const limpet = await stage.start_limpet({
    backends,
    pools: { other: { backends: [...backends].reverse(), affinity: { by: "client_ip" } } },
    routes: [{ path: "/other", pool: "other" }],
    affinity: { by: "header:X-User" },
    health,
  });
  await get(`${limpet.url}/`, { headers: { "X-User": "127.0.0.1" } });
  await get(`${limpet.url}/other`);
  const pins = await limpet.admin.affinity();
  assert.deepEqual(
    pins.map(({ key, kind, pool }) => [key, kind, pool]).sort(),
    [["127.0.0.1", "client_ip", "other"], ["127.0.0.1", "header", "default"]],
  );
});

async function echo_once(connection) {
  connection.send(upgrade_request());
  assert.equal((await connection.read_head()).status, 101);
  connection.send_frame({ payload: "hello", masked: true });
  assert.equal((await connection.read_frame()).payload.toString(), "hello");
}

function scripted_echo(stage, options) {
  return stage.script_backend(async (connection) => {
    connection.send(switch_answer(await connection.read_head()));
    const { payload } = await connection.read_frame();
    connection.send_frame({ payload });
  }, options);
}

scenario("clients and backends may be reached by Unix sockets", async (stage) => {
  const folder = stage.folder();
  const backend = await scripted_echo(stage, { where: { path: join(folder, "backend.sock") } });
  const front = join(folder, "front.sock");
  const limpet = await stage.start_limpet({ listeners: [{ bind: `unix:${front}` }, { bind: "127.0.0.1:0" }], backends: [backend], health });
  await echo_once(await stage.connect({ path: front }));
  const port = limpet.addresses.find((address) => !address.startsWith("unix:")).split(":")[1];
  await echo_once(await stage.connect(Number(port)));
  limpet.signal("SIGTERM");
  await until(() => limpet.events("stopping").length === 1);
  limpet.signal("SIGTERM");
  await limpet.exit();
  assert.equal(existsSync(front), false, "the socket is removed at the end");
});

scenario("a Unix socket that a killed process left behind is taken over", async (stage) => {
  const folder = stage.folder();
  const front = join(folder, "front.sock");
  const settings = { listeners: [{ bind: `unix:${front}` }], backends: [await scripted_echo(stage)], health };
  await (await stage.start_limpet(settings)).kill();
  assert.equal(existsSync(front), true);
  await stage.start_limpet(settings);
  await echo_once(await stage.connect({ path: front }));
});

scenario("the admin endpoint may be a Unix socket", async (stage) => {
  const path = join(stage.folder(), "admin.sock");
  const limpet = await stage.start_limpet({ admin: { bind: `unix:${path}` }, backends: [await named(stage, "b1")], health });
  const answer = await get("http://localhost/v1/status", { socketPath: path });
  assert.equal(answer.status, 200);
  assert.equal(limpet.end, undefined);
});

scenario("an IPv6 client is served and known by its network", async (stage) => {
  const limpet = await stage.start_limpet({
    listeners: [{ bind: "[::1]:0" }],
    backends: [await scripted_echo(stage, { where: { host: "::1", port: 0 } })].map(({ address }) => ({ address: address.replace(/^::1/, "[::1]") })),
    affinity: { by: "client_ip" },
    health,
  });
  await echo_once(await stage.connect({ host: "::1", port: limpet.port }));
  assert.deepEqual((await limpet.admin.affinity()).map(({ key }) => key), ["::/64"]);
}, { skip: kHasIpv6 ? false : "this machine has no ::1" });
