// A real browser: the page and its WebSocket come through limpet from the same backend, over TCP and TLS, and outlive a drain.
import assert from "node:assert/strict";
import { no_chromium, start_browser, Visitor } from "./support/browser.mjs";
import { call } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { Pki } from "./support/tls.mjs";

const kNames = ["w1", "w2", "w3"];
const browser_scenario = (name, play) => scenario(name, play, { skip: no_chromium });

// Three WebSocket servers behind limpet, and a browser in front of it; `sealed`: over TLS.
async function website(stage, { sealed = false, settings = {} } = {}) {
  const servers = await stage.start_servers("websocket", ...kNames);
  const pair = sealed ? new Pki(stage.folder()).issue("site", "DNS:localhost") : undefined;
  const listeners = [{ bind: "127.0.0.1:0", ...(sealed ? { tls: { certificates: [pair] } } : {}) }];
  const limpet = await stage.start_limpet({ listeners, backends: servers, ...settings });
  for (const name of kNames) await limpet.admin.until_health(name, "up");
  const browser = await start_browser(stage, { trusted: pair?.certificate });
  const origin = `${sealed ? "https" : "http"}://localhost:${limpet.port}`;
  return { limpet, visit: () => Visitor.visit(browser, origin) };
}

for (const sealed of [false, true]) {
  const [schemes, cookie_is] = sealed ? ["https and wss", "Secure and HttpOnly"] : ["http and ws", "HttpOnly"];

  browser_scenario(`a page and its socket share a backend over ${schemes}, through reloads and reconnects`, async (stage) => {
    const { visit } = await website(stage, { sealed });
    // One after the other, so that each finds another backend to be the least busy one.
    const visitors = [];
    for (const name of kNames) {
      const visitor = await visit();
      const { page, backend } = await visitor.connected();
      assert.equal(backend, page, "the socket's backend is the page's");
      visitors.push(Object.assign(visitor, { name, home: page }));
    }
    assert.deepEqual(visitors.map(({ home }) => home).sort(), kNames, "each has a backend of their own");
    for (let round = 0; round < 4; ++round) {
      for (const visitor of visitors) {
        await visitor.reload();
        for (let opened = 1; opened <= 3; ++opened) {
          const { page, backend } = await visitor.connected({ opened });
          assert.deepEqual({ page, backend }, { page: visitor.home, backend: visitor.home });
          await visitor.say(`${round} ${opened}: grüße 🐚`);
          await visitor.hears(`${round} ${opened}: grüße 🐚`);
          if (opened < 3) await visitor.leave_socket();
        }
        const left = { code: 1000, reason: "for a moment", wasClean: true };
        assert.deepEqual((await visitor.session()).closes, [left, left], "who leaves is answered");
      }
    }
  });

  browser_scenario(`the cookie of a page over ${schemes} is ${cookie_is}`, async (stage) => {
    const { visit } = await website(stage, { sealed });
    const visitor = await visit();
    await visitor.connected();
    const cookies = (await visitor.cookies()).map(({ name, secure, httpOnly, sameSite }) => ({ name, secure, httpOnly, sameSite }));
    assert.deepEqual(cookies, [{ name: "limpet", secure: sealed, httpOnly: true, sameSite: "Lax" }]);
    assert.equal(await visitor.script_cookies(), "");
  });
}

for (const { sealed, drain, told } of [
  { sealed: false, drain: {}, told: { code: 1012, reason: "service restart", wasClean: true } },
  { sealed: true, drain: { close_code: 1001, reason: "moving house" }, told: { code: 1001, reason: "moving house", wasClean: true } },
]) {
  browser_scenario(`a page is told ${told.code} "${told.reason}" by a drain, comes back and goes on elsewhere`, async (stage) => {
    const { limpet, visit } = await website(stage, { sealed, settings: { drain } });
    const [visitor, bystander] = [await visit(), await visit()];
    const { backend: old } = await visitor.connected();
    const elsewhere = await bystander.connected();
    assert.notEqual(elsewhere.backend, old);
    await visitor.say("before");
    await visitor.hears("before");
    await call(limpet, "POST", `/v1/backends/${old}/drain`);
    const { backend, closes } = await visitor.connected({ opened: 2 });
    assert.deepEqual(closes, [told]);
    assert.notEqual(backend, old);
    await visitor.say("after");
    await visitor.hears("after");
    await visitor.reload();
    const { page, backend: again } = await visitor.connected();
    assert.deepEqual([page, again], [backend, backend], "the page too comes from where its socket went");
    assert.deepEqual(await bystander.session(), elsewhere, "who was elsewhere noticed nothing");
  });
}
