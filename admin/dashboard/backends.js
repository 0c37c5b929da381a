// The table of backends, fifty at a time, and what can be done to each: the plan is shown first, and done when it is confirmed.
import { call, in_path, pool_query } from "./api.js";
import { by_id, duration, element, number, plural, set_text, show_pages } from "./dom.js";
import { drain_progress, identity, state_of, takes_clients } from "./state.js";

const kPage = 50;
const kVerbs = { drain: "Drain", disable: "Disable", enable: "Enable" };

let all = [];
let pools = new Map(); // of the status, by name
let page = 0;
let shown_rows = new Map(); // by identity
let open_plan; // {backend, verb} while the dialog is open

const table = by_id("backends").tBodies[0];
const dialog = by_id("plan");
const form = dialog.querySelector("form");

function per_second(rate) {
  const [, count, unit] = /^([0-9.]+)\/(s|m|h)$/.exec(rate) ?? [];
  return count === undefined ? 0 : Number(count) / { s: 1, m: 60, h: 3600 }[unit];
}

const is_closing_drain = ({ mode, drain }) => mode === "draining" && drain?.close;

function drain_effects(backend) {
  const rule = pools.get(backend.pool);
  const own = form.elements.rate.value;
  const rate = own || rule?.drain_rate || "0/s";
  const others = own ? [] : all.filter((one) => one.pool === backend.pool && one !== backend && is_closing_drain(one));
  const waiting = [backend, ...others].reduce((sum, { sessions }) => sum + sessions, 0);
  const speed = per_second(rate);
  const pace = speed > 0 ? `at ${rate}: about ${duration(waiting / speed)}` : "at once: there is no limit";
  const survivors = all.filter((one) => one.pool === backend.pool && one !== backend && takes_clients(one)).length;
  return [
    `${plural(backend.sessions, "live session")} will be told to go, ${pace}.`,
    ...(others.length ? [`It shares the pace with ${plural(others.length, "other backend")} of the pool.`] : []),
    "New clients go elsewhere at once; a client in the middle of a session keeps it for the grace time" +
      `${rule ? ` of ${duration(rule.drain_grace_s)}` : ""}.`,
    survivors
      ? `${plural(survivors, "other backend")} of pool ${backend.pool} can take them.`
      : `No other backend of pool ${backend.pool} can take them: the drain rests until there is one.`,
    "It lasts until it is enabled again.",
  ];
}

function disable_effects(backend) {
  const grace = pools.get(backend.pool)?.drain_grace_s;
  return [
    `${plural(backend.sessions, "live session")} will be told to go within the grace time${grace === undefined ? "" : ` of ${duration(grace)}`}; ` +
      "what is left then is cut.",
    "Nobody comes to it any more, from the first moment.",
    "It lasts until it is enabled again.",
  ];
}

const kEffects = {
  drain: drain_effects,
  disable: disable_effects,
  enable: (backend) => [
    "New clients come again, as soon as it is up.",
    `Nobody else is told to go: ${plural(backend.sessions, "live session")} there, ${number(backend.drain?.leaving ?? 0)} of them leaving.`,
  ],
};

function show_effects() {
  const { verb, key } = open_plan;
  const backend = all.find((one) => identity(one) === key);
  const effects = backend ? kEffects[verb](backend) : ["It is not there any more."];
  const list = by_id("plan-effects");
  while (list.childElementCount > effects.length) list.lastChild.remove();
  effects.forEach((text, i) => (list.children[i] ? set_text(list.children[i], text) : list.append(element("li", {}, text))));
}

function open(backend, verb) {
  open_plan = { backend, verb, key: identity(backend) };
  form.reset();
  set_text(by_id("plan-title"), `${kVerbs[verb]} ${backend.name} of pool ${backend.pool}?`);
  set_text(dialog.querySelector(".fault"), "");
  by_id("plan-rate").hidden = verb !== "drain";
  set_text(dialog.querySelector("[value=do]"), `${kVerbs[verb]} it`);
  show_effects();
  dialog.showModal();
}

// What was just done has no button any more: who came by the keyboard goes on beside it.
function keep_focus(row) {
  const at = document.activeElement;
  if (row && (at === document.body || at.hidden)) row.querySelector("button:not([hidden])")?.focus();
}

async function confirm(after) {
  const { backend, verb } = open_plan;
  const rate = form.elements.rate.value;
  try {
    const path = `/v1/backends/${in_path(backend.name)}/${verb}${pool_query(backend.pool)}`;
    await call(path, { method: "POST", body: verb === "drain" && rate ? { rate } : undefined });
    dialog.close();
    await after();
    keep_focus(shown_rows.get(identity(backend)));
  } catch (error) {
    set_text(dialog.querySelector(".fault"), error.message);
  }
}

function row_of(backend) {
  const button = (verb) =>
    element("button", { type: "button", "data-verb": verb, "aria-label": `${kVerbs[verb]} ${backend.name} of pool ${backend.pool}`,
      on_click: () => open(backend, verb) }, kVerbs[verb]);
  const row = element("tr", {},
    element("th", { scope: "row" }), element("td", { class: "wide" }), element("td"), element("td", { class: "number" }),
    element("td", { class: "number wide" }), element("td", { class: "number wide" }),
    element("td", {}, element("div", { class: "actions" }, button("drain"), button("disable"), button("enable"))));
  row.dataset.key = identity(backend);
  return row;
}

// A drain lasts until the backend is enabled, also when nobody is left.
function state_text(word, drain) {
  if (!drain) return word;
  if (drain.remaining === 0) return `${word}, empty`;
  const eta = drain.eta_s === null || drain.remaining === drain.leaving ? "" : `, told in ${duration(drain.eta_s)}`;
  return `${word}, ${number(drain.remaining)} left${eta}`;
}

function show_state(cell, backend) {
  const { word, look } = state_of(backend);
  const drain = backend.drain?.remaining > 0 ? backend.drain : undefined;
  const text = state_text(word, backend.drain);
  cell.className = look;
  if (!cell.firstChild) cell.append(element("span"));
  set_text(cell.firstChild, text);
  const bar = cell.querySelector("progress");
  if (!drain) bar?.remove();
  else if (bar) bar.value = drain_progress(drain);
  else cell.append(element("br"), element("progress", { max: 1, value: drain_progress(drain), "aria-label": `drain of ${backend.name}` }));
  if (!drain) cell.querySelector("br")?.remove();
}

function update(row, backend) {
  const [name, address, state, sessions, requests, failures] = row.cells;
  set_text(name, pools.size > 1 ? `${backend.pool} / ${backend.name}` : backend.name);
  set_text(address, backend.address);
  show_state(state, backend);
  set_text(sessions, number(backend.sessions));
  set_text(requests, number(backend.requests));
  set_text(failures, number(backend.failures));
  for (const button of row.querySelectorAll("button")) {
    const { verb } = button.dataset;
    button.hidden = verb === "enable" ? backend.mode === "enabled" : backend.mode === { drain: "draining", disable: "disabled" }[verb];
    button.disabled = backend.leaving;
  }
  if (row.contains(document.activeElement)) keep_focus(row);
}

function show() {
  const word = by_id("filter").elements.word.value.toLowerCase();
  const wanted = all.filter(({ name, pool }) => `${pool} / ${name}`.toLowerCase().includes(word));
  page = Math.min(page, Math.max(0, Math.ceil(wanted.length / kPage) - 1));
  const here = wanted.slice(page * kPage, (page + 1) * kPage);
  const rows = new Map(here.map((one) => [identity(one), shown_rows.get(identity(one)) ?? row_of(one)]));
  // Rows that stay are not touched, so that the focus stays too.
  if ([...rows.keys()].join() !== [...shown_rows.keys()].join()) table.replaceChildren(...rows.values());
  shown_rows = rows;
  for (const one of here) update(rows.get(identity(one)), one);
  const what = `${number(here.length)} of ${number(wanted.length)}`;
  show_pages(by_id("backend-pages"), { page, has_next: (page + 1) * kPage < wanted.length, what, go: (to) => { page = to; show(); } });
}

export function show_backends(backends, status_pools) {
  all = backends;
  pools = new Map(status_pools.map((pool) => [pool.name, pool]));
  show();
  if (dialog.open) show_effects();
}

// `after` is called when something was done.
export function start_backends(after) {
  by_id("filter").addEventListener("submit", (event) => event.preventDefault());
  by_id("filter").elements.word.addEventListener("input", () => { page = 0; show(); });
  form.elements.rate.addEventListener("input", show_effects);
  form.querySelector("[value=cancel]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    confirm(after);
  });
}
