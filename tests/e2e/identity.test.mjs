// Who the client is: the affinity cookie, and what backends are told about where a request came from.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cookie_of, get } from "./support/http_client.mjs";
import { kHttp, kIsOverTls } from "./support/over_tls.mjs";
import { scenario } from "./support/scenario.mjs";

// Backends that answer with their name and the head they saw.
async function telling_backends(stage, names = ["b1", "b2", "b3"], settings = {}) {
  const backends = await Promise.all(
    names.map((name) =>
      stage.serve_http((asked, answer) => answer.end(JSON.stringify({ name, headers: asked.headers })), { name }),
    ),
  );
  const limpet = await stage.start_limpet({ backends, health: { probe: "none" }, ...settings });
  return { limpet };
}

async function ask(limpet, headers = {}, options = {}) {
  const answer = await get(limpet.url, { headers, ...options });
  const told = JSON.parse(answer.body);
  return { backend: told.name, seen: told.headers, set_cookie: answer.headers["set-cookie"], cookie: cookie_of(answer) };
}

scenario("a stranger gets a cookie that is safe by default, and only once", async (stage) => {
  const { limpet } = await telling_backends(stage);
  const first = await ask(limpet);
  const [field] = first.set_cookie;
  const [pair, ...attributes] = field.split("; ");
  assert.match(pair, /^limpet=[A-Za-z0-9_-]+$/);
  assert.deepEqual(attributes.sort(), ["HttpOnly", "Path=/", "SameSite=Lax", ...(kIsOverTls ? ["Secure"] : [])]);
  const second = await ask(limpet, { Cookie: first.cookie });
  assert.equal(second.backend, first.backend);
  assert.equal(second.set_cookie, undefined);
});

scenario("the cookie carries the attributes that are configured", async (stage) => {
  const cookie = { name: "route", path: "/app", domain: "example.com", same_site: "none", secure: "true", http_only: false, max_age: "2h" };
  const { limpet } = await telling_backends(stage, ["b1"], { affinity: { cookie } });
  const [field] = (await ask(limpet)).set_cookie;
  const [pair, ...attributes] = field.split("; ");
  assert.match(pair, /^route=/);
  assert.deepEqual(attributes.sort(), ["Domain=example.com", "Max-Age=7200", "Path=/app", "SameSite=None", "Secure"]);
});

scenario("the cookie is Secure by itself when a trusted proxy says that the client came over TLS", async (stage) => {
  const { limpet } = await telling_backends(stage, ["b1"], { trusted_proxies: ["127.0.0.1/32"] });
  const over_tls = { "X-Forwarded-Proto": "https" };
  assert.match((await ask(limpet, over_tls)).set_cookie[0], /; Secure/);
  assert.doesNotMatch((await ask(limpet)).set_cookie[0], /; Secure/);
  assert.doesNotMatch((await ask(limpet, over_tls, { from: "127.0.0.2" })).set_cookie[0], /; Secure/, "not trusted");
}, { skip: kIsOverTls });

scenario("a backend's own cookies pass beside the affinity cookie", async (stage) => {
  const backend = await stage.serve_http((_, answer) => {
    answer.setHeader("Set-Cookie", ["a=1; Path=/", "b=2"]);
    answer.end();
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" } });
  const fields = (await get(limpet.url)).headers["set-cookie"];
  assert.ok(fields.includes("a=1; Path=/") && fields.includes("b=2"));
  assert.equal(fields.filter((field) => field.startsWith("limpet=")).length, 1);
});

scenario("the affinity cookie never reaches a backend", async (stage) => {
  const { limpet } = await telling_backends(stage);
  const { cookie } = await ask(limpet);
  const kWays = {
    [cookie]: undefined,
    [`a=1; ${cookie}; b=2`]: "a=1; b=2",
    [`${cookie}; ${cookie}`]: undefined,
    [`limpet=forged; a=1; ${cookie}`]: "a=1",
    [`limpets=other; xlimpet=y; ${cookie}`]: "limpets=other; xlimpet=y",
  };
  for (const [sent, left] of Object.entries(kWays)) {
    assert.equal((await ask(limpet, { Cookie: sent })).seen.cookie, left, sent);
  }
});

scenario("a forged, altered or foreign cookie counts as none", async (stage) => {
  const { limpet } = await telling_backends(stage);
  const other = await telling_backends(stage);
  const { cookie } = await ask(limpet);
  const value = cookie.slice("limpet=".length);
  const flip = (at) => value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
  const forged = ["", "b1", "AAAA", value.slice(0, -2), `${value}AA`, flip(0), flip(20), flip(value.length - 3), "%00", "x".repeat(3000)];
  for (const forgery of [...forged, (await ask(other.limpet)).cookie.slice("limpet=".length)]) {
    const answer = await ask(limpet, { Cookie: `limpet=${forgery}` });
    assert.ok(answer.cookie, `a new cookie instead of ${forgery.slice(0, 40)}`);
    assert.notEqual(answer.cookie, cookie);
  }
});

scenario("a client cannot steer: forged cookies are spread like strangers", async (stage) => {
  const { limpet } = await telling_backends(stage, ["b1", "b2"]);
  const { cookie, backend } = await ask(limpet);
  const altered = `${cookie.slice(0, -4)}AAAA`;
  const reached = new Set();
  for (let i = 0; i < 40; ++i) reached.add((await ask(limpet, { Cookie: altered })).backend);
  assert.equal(reached.size, 2, `not only ${backend}`);
});

scenario("the cookie holds over a restart that keeps the key file", async (stage) => {
  const { limpet } = await telling_backends(stage);
  const visits = [];
  for (let i = 0; i < 9; ++i) visits.push(await ask(limpet));
  const { backends, affinity } = JSON.parse(readFileSync(limpet.file));
  const again = await stage.start_limpet({ backends: backends.reverse(), health: { probe: "none" }, affinity });
  for (const { cookie, backend } of visits) {
    const answer = await ask(again, { Cookie: cookie });
    assert.equal(answer.backend, backend);
    assert.equal(answer.cookie, undefined);
  }
});

scenario("a backend is told the client's address, protocol and host, whatever the client claims", async (stage) => {
  const { limpet } = await telling_backends(stage);
  const claims = {
    Host: "site.test:81",
    "X-Forwarded-For": "10.9.9.9",
    "X-Forwarded-Proto": kIsOverTls ? "http" : "https",
    "X-Forwarded-Host": "evil.test",
    Forwarded: "for=10.9.9.9",
  };
  const { seen } = await ask(limpet, claims, { from: "127.0.0.9" });
  assert.equal(seen["x-forwarded-for"], "127.0.0.9");
  assert.equal(seen["x-forwarded-proto"], kHttp);
  assert.equal(seen["x-forwarded-host"], "site.test:81");
  assert.equal(seen.forwarded, undefined);
  assert.equal(seen.host, "site.test:81");
});

scenario("what a trusted proxy says is continued", async (stage) => {
  const { limpet } = await telling_backends(stage, ["b1"], { trusted_proxies: ["127.0.0.1/32"] });
  const { seen } = await ask(limpet, { "X-Forwarded-For": "192.0.2.1, 192.0.2.2", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "site.test" });
  assert.equal(seen["x-forwarded-for"], "192.0.2.1, 192.0.2.2, 127.0.0.1");
  assert.equal(seen["x-forwarded-proto"], "https");
  assert.equal(seen["x-forwarded-host"], "site.test");
});

scenario("hop-by-hop fields stay on their hop", async (stage) => {
  const { limpet } = await telling_backends(stage);
  const { seen } = await ask(limpet, {
    Connection: "keep-alive, X-Private",
    "X-Private": "1",
    "Keep-Alive": "timeout=5",
    TE: "trailers",
    "Proxy-Connection": "keep-alive",
    "X-Public": "2",
  });
  for (const name of ["x-private", "keep-alive", "proxy-connection"]) assert.equal(seen[name], undefined, name);
  assert.equal(seen["x-public"], "2");
});
