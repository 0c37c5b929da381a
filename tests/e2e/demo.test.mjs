// `limpet demo`: what a new user sees in the first minute.
import assert from "node:assert/strict";
import { Child } from "./support/child.mjs";
import { cookie_of, get } from "./support/http_client.mjs";
import { kBinary } from "./support/limpet.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

async function start_demo(stage, ...options) {
  const demo = new Child(kBinary, ["demo", "--port", "0", "--admin-port", "0", ...options]);
  stage.add({ stop: () => demo.kill() });
  const [, url] = await demo.saw(({ output }) => /proxy\s+(http:\S+?)\/?\s/.exec(output), "the URL of the proxy");
  const [, admin] = await demo.saw(({ output }) => /admin\s+(http:\S+?)\/?\s/.exec(output), "the URL of the admin endpoint");
  return { demo, url, admin };
}

scenario("the demo spreads strangers, keeps those with a cookie and echoes their messages", async (stage) => {
  const { demo, url, admin } = await start_demo(stage);
  const reached = new Set();
  await until(async () => reached.add((await get(`${url}/`)).headers["x-backend"]).size === 3);
  assert.deepEqual([...reached].sort(), ["b1", "b2", "b3"]);

  const first = await get(`${url}/`);
  const cookie = cookie_of(first);
  assert.match(first.body.toString(), /^hello from b\d/);
  for (let i = 0; i < 5; ++i) {
    assert.equal((await get(`${url}/`, { headers: { Cookie: cookie } })).headers["x-backend"], first.headers["x-backend"]);
  }

  const client = await stage.open_websocket(url.replace("http", "ws"), { headers: { Cookie: cookie } });
  assert.equal(client.backend, first.headers["x-backend"]);
  assert.equal(await client.echo("hello"), `${client.backend}: hello`);
  assert.deepEqual(await client.end(1000, "done"), { code: 1000, reason: "done" });

  const { backends } = JSON.parse((await get(`${admin}/v1/backends`)).body);
  assert.deepEqual(backends.map(({ name }) => name), ["b1", "b2", "b3"]);
  demo.signal("SIGINT");
  assert.equal((await demo.exit()).code, 0);
});

scenario("the demo shows a browser a page", async (stage) => {
  const { url } = await start_demo(stage);
  const answer = await get(`${url}/`, { headers: { Accept: "text/html,*/*" } });
  assert.match(answer.headers["content-type"], /^text\/html/);
  assert.match(answer.body.toString(), /WebSocket/);
});

scenario("the demo ends by itself when it is told how long to run, live sessions or not", async (stage) => {
  const { demo, url } = await start_demo(stage, "--for", "2s");
  const client = await stage.open_websocket(url.replace("http", "ws"));
  assert.match(await client.echo("hello"), /: hello$/);
  assert.equal((await client.ended()).code, 1012);
  assert.deepEqual(await demo.exit(), { code: 0, signal: null });
});
