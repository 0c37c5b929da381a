// The dashboard in a real browser: it shows what the calls tell, does what it says, and keeps its own policy.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { no_chromium, start_browser } from "./support/browser.mjs";
import { Dashboard } from "./support/dashboard.mjs";
import { EventStream } from "./support/event_stream.mjs";
import { call } from "./support/reload.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const kNames = ["w1", "w2", "w3"];
const kNobody = "127.0.0.1:1";
const dashboard_scenario = (name, play, options) => scenario(name, play, { skip: no_chromium, ...options });

async function website(stage, settings = {}) {
  const servers = await stage.start_servers("websocket", ...kNames);
  const limpet = await stage.start_limpet({ backends: servers, ...settings });
  for (const name of kNames) await limpet.admin.until_health(name, "up");
  const browser = await start_browser(stage);
  const look = async (options) => {
    const dashboard = await Dashboard.open(browser, limpet.admin.url, options);
    await dashboard.until_live();
    return dashboard;
  };
  return { servers, limpet, look, admin: limpet.admin };
}

// Backends that nobody probes, by name.
async function quiet_website(stage, names, settings = {}) {
  const backends = names.map((name) => ({ name, address: kNobody }));
  const limpet = await stage.start_limpet({ backends, health: { probe: "none" }, ...settings });
  const browser = await start_browser(stage);
  return { limpet, browser, admin: limpet.admin };
}

async function open_sessions(stage, limpet, count) {
  for (let i = 0; i < count; ++i) await stage.open_websocket(limpet.ws_url);
}

dashboard_scenario("the page shows what the calls tell, and follows it", async (stage) => {
  const { limpet, look, admin } = await website(stage);
  await open_sessions(stage, limpet, 4);
  const page = await look();
  const shows_what_is_told = async () => {
    const [status, backends] = [await admin.json("/v1/status"), await admin.backends()];
    await page.sees_number("sessions", String(status.sessions));
    await page.sees_number("clients known", String(status.pins));
    await page.sees_number("backends ready", "3 of 3");
    for (const { name, address, sessions, requests, failures } of backends) {
      await page.sees_row(name, { address, state: "up", sessions: String(sessions), requests: String(requests), failures: String(failures) });
    }
    return status.sessions;
  };
  assert.equal(await shows_what_is_told(), 4);
  await stage.open_websocket(limpet.ws_url);
  await page.sees_number("sessions", "5");
  assert.equal(await shows_what_is_told(), 5);
  assert.match(await page.page.locator("#picture svg").getAttribute("aria-label"), /^3 backends: 3 up/);
  await until(async () => (await admin.json("/v1/history")).samples.length > 0, { what: "limpet keeps a sample" });
  await page.sees("#lines figcaption", "sessions: 5");
  assert.deepEqual(page.complaints, []);
});

dashboard_scenario("a drain names the sessions it touches, is done when it is confirmed, and is undone", async (stage) => {
  const { limpet, look, admin } = await website(stage, { drain: { rate: "50/s", grace: "20s" } });
  const clients = [];
  for (let i = 0; i < 6; ++i) clients.push(await stage.open_websocket(limpet.ws_url));
  const page = await look();
  assert.match(await page.open_plan("Drain", "w1"), /2 live sessions will be told to go, at 50\/s: about less than a second/);
  assert.match(await page.text("#plan"), /grace time of 20 s[^]*2 other backends of pool default can take them/);
  await page.answer_plan("Leave it");
  assert.equal((await admin.backend("w1")).mode, "enabled", "nothing is done by a look");

  await page.open_plan("Drain", "w1");
  await page.answer_plan("Drain it");
  await until(async () => (await admin.backend("w1")).sessions === 0, { what: "w1 is empty" });
  const told = clients.filter(({ backend }) => backend === "w1");
  assert.equal(told.length, 2);
  await page.sees_row("w1", { sessions: "0", state: "draining, empty" });
  await page.sees("#events", /w1 of pool default is draining \(was enabled\), \d sessions?/);
  await page.sees("#events", /w1 of pool default has no session left/);
  await page.sees("#news", /w1/);
  assert.equal((await admin.backend("w1")).drain.cause, "drained");

  assert.match(await page.open_plan("Enable", "w1"), /New clients come again/);
  await page.answer_plan("Enable it");
  await until(async () => (await admin.backend("w1")).mode === "enabled", { what: "w1 is enabled" });
  await page.sees_row("w1", { state: "up" });
  assert.deepEqual(page.complaints, []);
});

dashboard_scenario("a backend that dies is seen and told without a reload", async (stage) => {
  const { servers, look } = await website(stage);
  const page = await look();
  await page.sees_number("backends ready", "3 of 3");
  await servers[1].kill();
  await page.sees_row("w2", { state: "down" });
  await page.sees_number("backends ready", "2 of 3");
  await page.sees("#events", /w2 of pool default is down \(was up\)/);
  await page.sees("#news", /w2/);
  assert.match(await page.page.locator("#picture svg").getAttribute("aria-label"), /1 down/);
  assert.deepEqual(page.complaints, []);
});

dashboard_scenario("a page that finds no place for a stream asks, and sees the same", async (stage) => {
  const { servers, look, admin } = await website(stage);
  const streams = [];
  while (streams.length < 16) streams.push(stage.add(await EventStream.open(`${admin.url}/v1/stream`)));
  await Promise.all(streams.map((stream) => stream.hears("status")));
  const page = await look();
  await page.sees_number("backends ready", "3 of 3");
  await servers[1].kill();
  await page.sees_row("w2", { state: "down" });
  await page.sees("#events", /w2 of pool default is down \(was up\)/);
  assert.deepEqual(page.complaints.filter((line) => !line.includes("503")), [], "but for the answer that there is no place");
});

dashboard_scenario("a page says that limpet is away when it is silent or gone, and goes on when it is back", async (stage) => {
  const { limpet, look } = await website(stage);
  const page = await look();
  limpet.signal("SIGSTOP");
  await page.sees("#link", /^limpet does not answer/);
  limpet.signal("SIGCONT");
  await page.until_live();
});

dashboard_scenario("names from the configuration are text, whatever they say", async (stage) => {
  const names = ["<img src=x onerror=alert(1)>", "'\"><script>alert(2)</script>", "</title>&amp;{{x}}", "a/b?c#d%20", "ein Hölzchen 🐚"];
  const { limpet, browser, admin } = await quiet_website(stage, names);
  const page = await Dashboard.open(browser, admin.url);
  let alerts = 0;
  page.page.on("dialog", (dialog) => {
    ++alerts;
    return dialog.dismiss();
  });
  await page.until_live();
  assert.deepEqual([...(await page.rows()).keys()], names);
  assert.equal(await page.page.locator("img, tbody script, svg script").count(), 0);
  for (const name of names) {
    await page.open_plan("Disable", name);
    await page.answer_plan("Disable it");
    await until(async () => (await admin.backend(name)).mode === "disabled", { what: `${name} is disabled` });
  }
  for (const name of names) await until(async () => (await page.text("#events")).includes(name), { what: `an event tells of ${name}` });
  assert.equal(alerts, 0);
  assert.equal(limpet.has_crashed(), false);
  assert.deepEqual(page.complaints, []);
});

dashboard_scenario("on a phone nothing is wider than the screen, in the dark as in the light", async (stage) => {
  const names = ["w".repeat(80), "a-backend-with-quite-a-name.internal.example.com", "b3"];
  const { browser, admin } = await quiet_website(stage, names);
  const grounds = new Set();
  for (const scheme of ["light", "dark"]) {
    const page = await Dashboard.open(browser, admin.url, { width: 360, height: 740, scheme });
    await page.until_live();
    assert.equal(await page.is_wider_than_its_screen(), false, "the page");
    await page.open_plan("Drain", names[0]);
    assert.equal(await page.is_wider_than_its_screen(), false, "with a plan");
    const box = await page.page.locator("#plan").boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
    grounds.add(await page.page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    assert.deepEqual(page.complaints, []);
  }
  assert.equal(grounds.size, 2, "dark is not light");
});

dashboard_scenario("with a token the page asks for it once and keeps it to itself", async (stage) => {
  const token = "e2e-0123456789abcdef";
  const file = join(stage.folder(), "admin.token");
  writeFileSync(file, token);
  chmodSync(file, 0o600);
  const limpet = await stage.start_limpet({ backends: [kNobody], health: { probe: "none" }, admin: { bind: "127.0.0.1:0", token_file: file } }, { ready: false });
  const url = limpet.admin.url;
  const page = await Dashboard.open(await start_browser(stage), url);
  const say = async (text) => {
    await page.page.locator("#token input").fill(text);
    await page.page.locator("#token button").click();
  };
  await page.sees("#token h2", /wants its token/);
  await page.page.keyboard.press("Escape");
  await say("wrong-0123456789abcdef");
  await page.sees("#token .fault", "That is not the token.");
  assert.equal(await page.page.locator("#numbers dd").count(), 0, "nothing is shown yet");
  await say(token);
  await page.until_live();
  await page.sees_number("backends ready", "1 of 1");
  await page.open_plan("Disable", kNobody);
  await page.answer_plan("Disable it");
  await page.sees_row(kNobody, { state: "disabled, empty" });
  const kept = await page.page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, document.body.innerHTML]));
  assert.equal(kept.includes(token), false);
  await page.page.reload();
  await page.sees("#token h2", /wants its token/);
  assert.deepEqual(page.complaints.filter((line) => !line.includes("401")), [], "but for the answers that ask for it");
});

dashboard_scenario("a thousand backends are a thousand squares, and fifty rows at a time", async (stage) => {
  const names = Array.from({ length: 1000 }, (_, i) => `b${i}`);
  const { browser, admin } = await quiet_website(stage, names);
  const page = await Dashboard.open(browser, admin.url);
  await page.until_live();
  await page.sees_number("backends ready", "1,000 of 1,000");
  assert.equal(await page.page.locator("#picture .cell").count(), 1000);
  assert.equal((await page.rows()).size, 50);
  await page.page.locator("#backend-pages").getByRole("button", { name: "Next" }).click();
  assert.equal([...(await page.rows()).keys()][0], "b50");
  await page.page.getByLabel("Only names with").fill("b99");
  assert.deepEqual([...(await page.rows()).keys()], ["b99", ...Array.from({ length: 10 }, (_, i) => `b99${i}`)]);
  assert.deepEqual(page.complaints, []);
});

dashboard_scenario("a search tells where a client is and every step that leads there", async (stage) => {
  const { limpet, look, admin } = await website(stage, { affinity: { by: "client_ip" } });
  const client = await stage.open_websocket(limpet.ws_url, { from: "127.0.0.91" });
  const page = await look();
  await page.page.getByLabel("value").fill("127.0.0.91");
  await page.page.getByRole("button", { name: "Explain" }).click();
  await page.sees("#found p", new RegExp(`^The next request goes to ${client.backend} of pool default`));
  const { steps } = await admin.json("/v1/affinity/explain?client_ip=127.0.0.91");
  assert.equal(await page.page.locator("#found .steps li").count(), steps.length);
  assert.match(await page.text("#found dl"), /127\.0\.0\.91[^]*client_ip/);
  await page.page.getByRole("button", { name: "Show 50" }).click();
  await page.sees("#sessions tbody", /127\.0\.0\.91/);
  assert.deepEqual(page.complaints, []);
});

dashboard_scenario("everything can be done with the keyboard, and has a name to be called by", async (stage) => {
  const { look } = await website(stage);
  const page = await look();
  await page.page.keyboard.press("Tab");
  assert.equal(await page.page.evaluate(() => document.activeElement.textContent), "To the backends");
  await page.page.getByRole("button", { name: "Drain w1 of pool default" }).focus();
  await page.page.keyboard.press("Enter");
  await page.sees("#plan-title", "Drain w1 of pool default?");
  await page.page.keyboard.press("Escape");
  assert.equal(await page.page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Drain w1 of pool default");
  const nameless = await page.page.evaluate(() =>
    [...document.querySelectorAll("button, input, select, [role=img]")]
      .filter((one) => !(one.ariaLabel || one.labels?.length || one.textContent.trim() || one.getAttribute("aria-label")))
      .map((one) => one.outerHTML));
  assert.deepEqual(nameless, []);
  for (const role of ["banner", "main", "contentinfo"]) assert.equal(await page.page.getByRole(role).count(), 1, role);
  assert.deepEqual(page.complaints, []);
});

// LIMPET_SCREENSHOT=FILE: the picture of the documentation.
const kScreenshot = process.env.LIMPET_SCREENSHOT;
scenario("a screenshot", async (stage) => {
  const { limpet, look } = await website(stage, { drain: { rate: "20/m" } });
  const crowd = [];
  while (crowd.length < 34) crowd.push(await stage.open_websocket(limpet.ws_url));
  const chatter = setInterval(() => crowd.filter(() => Math.random() < 0.4).forEach(({ socket }) => socket.readyState === socket.OPEN && socket.send("hello")), 100);
  stage.add({ stop: () => clearInterval(chatter) });
  await call(limpet, "POST", "/v1/backends/w2/drain");
  const page = await look({ width: 1000, height: 1000 });
  await until(async () => (await limpet.admin.json("/v1/history")).samples.length > 3, { what: "there is something to draw", within: 60_000 });
  await page.sees("#lines figcaption", /^sessions: [1-9]/);
  await page.page.screenshot({ path: kScreenshot });
}, { skip: no_chromium || (kScreenshot ? false : "only with LIMPET_SCREENSHOT=FILE") });
