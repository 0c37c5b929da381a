// Asks limpet once a second how things are, and has the parts of the page show it. A page that nobody sees does not ask.
import { show_pools, start_affinity } from "./affinity.js";
import { call } from "./api.js";
import { show_backends, start_backends } from "./backends.js";
import { by_id, duration, element, number, set_text } from "./dom.js";
import { Events } from "./events.js";
import { Lines } from "./lines.js";
import { show_picture } from "./picture.js";
import { start_sessions } from "./sessions.js";
import { takes_clients } from "./state.js";

const kEveryMs = 1000;
// Answers that take long are asked for less often: at most this share of the time, but every few seconds.
const kShare = 0.1;
const kMostMs = 5000;
const kRateOverMs = 5000;

let lines = new Lines();
let events = new Events();
let pid;
let statuses = []; // {at, totals} of the last seconds
let last_backends = [];
let wake = () => {};

function rate_of(name) {
  const [first, last] = [statuses[0], statuses.at(-1)];
  const took = last.at - first.at;
  return took > 0 ? Math.max(0, last.totals[name] - first.totals[name]) / took * 1000 : 0;
}

function show_numbers(status, backends) {
  const ready = backends.filter(takes_clients).length;
  const rows = {
    sessions: number(status.sessions),
    "handshakes/s": number(rate_of("sessions_opened")),
    "requests/s": number(rate_of("requests")),
    "errors/s": number(rate_of("errors")),
    "backends ready": `${number(ready)} of ${number(backends.length)}`,
    "clients known": number(status.pins),
  };
  const list = by_id("numbers");
  if (!list.childElementCount) {
    list.append(...Object.keys(rows).map((name) => element("div", {}, element("dt", {}, name), element("dd", { "data-name": name }))));
  }
  for (const node of list.querySelectorAll("dd")) set_text(node, rows[node.dataset.name]);
}

function remember(status) {
  // Another process has totals, events and an hour of its own.
  if (status.pid !== pid) {
    statuses = [];
    lines = new Lines();
    events = new Events();
    by_id("events").replaceChildren();
    pid = status.pid;
  }
  statuses.push({ at: performance.now(), totals: status.totals });
  while (statuses.length > 2 && statuses.at(-1).at - statuses[1].at >= kRateOverMs) statuses.shift();
}

async function look() {
  const status = await call("/v1/status");
  const { backends } = await call("/v1/backends");
  remember(status);
  last_backends = backends;
  const file = status.config.file ? `, ${status.config.file.split("/").at(-1)}` : "";
  set_text(by_id("process"), `${status.version}, up ${duration(status.uptime_s)}, ${number(status.workers)} workers${file}`);
  show_numbers(status, backends);
  show_picture(backends);
  show_backends(backends, status.pools);
  show_pools(status.pools);
  if (lines.add(await call(`/v1/history?since=${lines.last}`)) || lines.samples.length === 0) lines.show();
  events.add(await call(`/v1/events?since=${events.last}`));
}

const pause = (time) =>
  new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, time);
  });
const seen = () => (document.hidden ? new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true })) : undefined);

function show_link(text, is_away) {
  const link = by_id("link");
  link.classList.toggle("is-away", is_away);
  set_text(link, text);
}

async function watch() {
  for (;;) {
    await seen();
    const begin = performance.now();
    try {
      await look();
      show_link("live", false);
    } catch (error) {
      show_link(`limpet does not answer: ${error.message}`, true);
    }
    await pause(Math.min(kMostMs, Math.max(kEveryMs, (performance.now() - begin) / kShare)));
  }
}

start_backends(() => wake());
start_affinity();
start_sessions();
new ResizeObserver(() => {
  if (last_backends.length) show_picture(last_backends);
}).observe(by_id("picture"));
watch();
