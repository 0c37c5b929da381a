// The dashboard for those who use it without a mouse, without the picture, in the dark, or over a thousand backends.
import assert from "node:assert/strict";
import { no_chromium, start_browser } from "./support/browser.mjs";
import { Dashboard } from "./support/dashboard.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const dashboard_scenario = (name, play, options) => scenario(name, play, { skip: no_chromium, ...options });

async function website(stage, settings = {}) {
  const servers = await stage.start_servers("websocket", "w1", "w2", "w3");
  const limpet = await stage.start_limpet({ backends: servers, drain: { rate: "50/s" }, ...settings });
  for (const { name } of servers) await limpet.admin.until_health(name, "up");
  for (let i = 0; i < 6; ++i) await stage.open_websocket(limpet.ws_url);
  const browser = await start_browser(stage);
  const look = async (options) => {
    const dashboard = await Dashboard.open(browser, limpet.admin.url, options);
    await dashboard.until_live();
    return dashboard;
  };
  return { limpet, look, admin: limpet.admin };
}

dashboard_scenario("a backend is drained and enabled by the keyboard alone", async (stage) => {
  const { look, admin } = await website(stage);
  const { page, complaints } = await look();
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const focus = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim());
  const go_to = async (wanted) => {
    for (let presses = 0; (await focus()) !== wanted; ++presses) {
      assert.ok(presses < 30, `Tab leads to "${wanted}"; it leads to "${await focus()}"`);
      await press("Tab");
    }
  };
  await press("Tab", "Enter"); // past the header
  await go_to("Drain w1 of pool default");
  await press("Enter");
  await go_to("Drain it");
  await press("Enter");
  await until(async () => (await admin.backend("w1")).mode === "draining", { what: "w1 is draining" });
  await until(async () => (await focus()) === "Disable w1 of pool default", { what: "the focus stays in the row" });
  await go_to("Enable w1 of pool default");
  await press("Enter");
  await go_to("Enable it");
  await press("Enter");
  await until(async () => (await admin.backend("w1")).mode === "enabled", { what: "w1 is enabled" });
  assert.deepEqual(complaints, []);
});

dashboard_scenario("a screen reader finds what there is by its role and name", async (stage) => {
  const { look } = await website(stage);
  const { page } = await look();
  const by_role = (role, name) => page.getByRole(role, { name, exact: true });
  const table = by_role("table", "Backends");
  const columns = await table.getByRole("columnheader").allTextContents();
  assert.deepEqual(columns, ["name", "address", "state", "sessions", "requests", "failures", "what to do"]);
  assert.deepEqual(await table.getByRole("rowheader").allTextContents(), ["w1", "w2", "w3"]);
  for (const region of ["Now", "Where sessions flow", "Backends", "The last hour", "Where does a client go?", "Live sessions", "Events"]) {
    assert.equal(await by_role("region", region).count(), 1, region);
    assert.equal(await by_role("heading", region).count(), 1, region);
  }
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
  const levels = await page.locator("h1, h2, h3").evaluateAll((all) => all.filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1])));
  levels.forEach((level, i) => assert.ok(i === 0 ? level === 1 : level <= levels[i - 1] + 1, `headings go down one level at a time: ${levels}`));
  assert.match(await page.getByRole("img").first().getAttribute("aria-label"), /3 backends: 3 up/);
  const charts = await page.locator("#lines").getByRole("img").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  assert.ok(charts.length >= 4 && charts.every((label) => /: (now .+, at most .+ since|nothing yet)/.test(label)), JSON.stringify(charts));
  assert.ok((await page.getByRole("status").count()) >= 2, "the link and the news are told when they change");
  assert.equal(await by_role("list", "Events").getAttribute("tabindex"), "0", "what scrolls can be scrolled by the keyboard");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
});

// The least contrast of any text with what is behind it (WCAG 2.1, 1.4.3), and where that is. What is disabled need not be read.
function least_contrast() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  let least = { ratio: 21 };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !node.checkVisibility() || node.closest("script, noscript, :disabled")) continue;
    const style = getComputedStyle(node);
    const [dark, light] = [luminance(node.closest("svg") ? style.fill : style.color), luminance(ground(node))].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < least.ratio) least = { ratio, text: texts.currentNode.textContent.trim() };
  }
  return least;
}

dashboard_scenario("every text stands out from its ground, in the light and in the dark", async (stage) => {
  const { look, admin } = await website(stage);
  await admin.answer("/v1/backends/w2/disable", { method: "POST" });
  for (const scheme of ["light", "dark"]) {
    const dashboard = await look({ scheme });
    await dashboard.sees_row("w2", { state: "disabled, empty" });
    const on_page = await dashboard.page.evaluate(least_contrast);
    assert.ok(on_page.ratio >= 4.5, `${scheme}: ${JSON.stringify(on_page)}`);
    await dashboard.open_plan("Drain", "w1");
    const with_plan = await dashboard.page.evaluate(least_contrast);
    assert.ok(with_plan.ratio >= 4.5, `${scheme}, with a plan: ${JSON.stringify(with_plan)}`);
  }
});

const kBackends = 1000;
const kSessions = 400;
const kLongestTaskMs = 200;
const kUpdates = 3;

dashboard_scenario("a thousand backends with sessions that come and go keep the page quick", async (stage) => {
  const server = await stage.start_server("websocket", "w", { host: "0.0.0.0" });
  const backends = Array.from({ length: kBackends }, (_, i) => ({ name: `b${i}`, address: `127.100.${i >> 8}.${i & 255}:${server.port}` }));
  const limpet = await stage.start_limpet({ backends, health: { probe: "none" } });
  const crowd = [];
  const come = async (count) => crowd.push(...(await Promise.all(Array.from({ length: count }, () => stage.open_websocket(limpet.ws_url)))));
  while (crowd.length < kSessions) await come(50);

  const dashboard = await Dashboard.open(await start_browser(stage), limpet.admin.url);
  const { page } = dashboard;
  await dashboard.until_live(); // within the patience of a test
  await dashboard.sees_number("sessions", String(kSessions));
  assert.equal(await page.locator("#picture .cell").count(), kBackends);
  await page.evaluate(() => {
    globalThis.long_tasks = [];
    globalThis.updates = 0;
    new MutationObserver(() => ++globalThis.updates).observe(document.querySelector("#picture"), { subtree: true, childList: true, attributes: true });
    new PerformanceObserver((list) => globalThis.long_tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  });
  // On a busy machine a task is long because it waits: one run of updates without such a one shows what the page does.
  let longest;
  const is_quick = async () => {
    await page.evaluate(() => (globalThis.long_tasks.length = 0));
    for (let update = 0; update < kUpdates; ++update) {
      const before = await page.evaluate(() => globalThis.updates);
      crowd.splice(0, 20).forEach((client) => client.terminate());
      await come(20);
      await page.waitForFunction((count) => globalThis.updates > count, before);
    }
    longest = await page.evaluate(() => Math.max(0, ...globalThis.long_tasks));
    return longest <= kLongestTaskMs;
  };
  await until(is_quick, { what: "no update takes long", within: 60_000 }).catch((error) => assert.fail(`${error.message}: the longest task took ${longest} ms`));
  assert.deepEqual(dashboard.complaints, []);
});
