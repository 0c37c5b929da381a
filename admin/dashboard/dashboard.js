// Is told by limpet how things are, and has the parts of the page show it. A page that nobody sees is told nothing.
import { show_pools, start_affinity } from "./affinity.js";
import { call, stream } from "./api.js";
import { show_backends, start_backends } from "./backends.js";
import { by_id, duration, element, number, set_text } from "./dom.js";
import { Events } from "./events.js";
import { Lines } from "./lines.js";
import { show_picture } from "./picture.js";
import { start_sessions } from "./sessions.js";
import { takes_clients } from "./state.js";

const kAgainMs = 1000;
const kSilentMs = 5000; // limpet tells something every second
const kRateOverMs = 5000;
// Where limpet has no place for another stream it is asked, for so long.
const kAskForMs = 60_000;
const kAskEveryMs = 2000;

let lines = new Lines();
let events = new Events();
let pid;
let statuses = []; // {at, totals} of the last seconds
let last_status;
let last_backends;

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
    "messages/s": number(rate_of("messages")),
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

// By the name of what is told: that of the call which answers the same.
const kTake = {
  status(status) {
    remember(status);
    last_status = status;
    const file = status.config.file ? `, ${status.config.file.split("/").at(-1)}` : "";
    set_text(by_id("process"), `${status.version}, up ${duration(status.uptime_s)}, ${number(status.workers)} workers${file}`);
    show_pools(status.pools);
    if (last_backends) show_numbers(status, last_backends);
  },
  backends({ backends }) {
    last_backends = backends;
    show_numbers(last_status, backends);
    show_picture(backends);
    show_backends(backends, last_status.pools);
  },
  history(answer) {
    if (lines.add(answer) || lines.samples.length === 0) lines.show();
  },
  events(answer) {
    events.add(answer);
  },
};

const seen_of = { history: () => lines.last, events: () => events.last };
async function look() {
  for (const name of Object.keys(kTake)) kTake[name](await call(`/v1/${name}${seen_of[name] ? `?since=${seen_of[name]()}` : ""}`));
}

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const seen = () => (document.hidden ? new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true })) : undefined);

function show_link(text, is_away) {
  const link = by_id("link");
  link.classList.toggle("is-away", is_away);
  set_text(link, text);
}

// Until the stream ends, says nothing, or the page is not seen any more.
async function follow() {
  const leaving = new AbortController();
  const hide = () => document.hidden && leaving.abort();
  const fall_silent = () => leaving.abort(new Error("it is silent"));
  let silence;
  let is_complete = false; // events are the last of what is told at first
  const wait = () => {
    clearTimeout(silence);
    silence = setTimeout(fall_silent, kSilentMs);
  };
  document.addEventListener("visibilitychange", hide);
  try {
    for await (const [name, said] of stream(`/v1/stream?history=${lines.last}&events=${events.last}`, leaving.signal)) {
      wait();
      kTake[name](said);
      is_complete ||= name === "events";
      if (is_complete) show_link("live", false);
    }
  } finally {
    clearTimeout(silence);
    document.removeEventListener("visibilitychange", hide);
  }
}

async function ask_for_a_while() {
  for (const end = performance.now() + kAskForMs; performance.now() < end; await pause(kAskEveryMs)) {
    await seen();
    await look();
    show_link("live", false);
  }
}

async function watch() {
  for (;;) {
    await seen();
    try {
      await follow().catch((error) => {
        if (error.word !== "streams") throw error;
        return ask_for_a_while();
      });
    } catch (error) {
      if (!document.hidden) show_link(`limpet does not answer: ${error.message}`, true);
    }
    await pause(kAgainMs);
  }
}

// What was done is seen at once.
start_backends(async () => kTake.backends(await call("/v1/backends")));
start_affinity();
start_sessions();
new ResizeObserver(() => {
  if (last_backends) show_picture(last_backends);
}).observe(by_id("picture"));
watch();
