// The picture: limpet, and a line to each backend as thick as its share of the sessions; where there are many, one small square each.
import { by_id, drawing, element, number, plural, shorten } from "./dom.js";
import { drain_progress, state_of } from "./state.js";

const kMostBars = 24;
const kRow = 34;
const kHubWidth = 76;
const kGap = 60; // for the lines
const kLetter = 7; // how wide one is, about
const kCell = 16;

let shown = "";

function by_pool(backends) {
  const pools = new Map(backends.map(({ pool }) => [pool, []]));
  for (const one of backends) pools.get(one.pool).push(one);
  return pools;
}

const told = (backend) => `${backend.name}: ${state_of(backend).word}, ${plural(backend.sessions, "session")}`;
const title = (text) => drawing("title", {}, text);

function bar(backend, { x, y, width, most, hub_y }) {
  const { word, look } = state_of(backend);
  const share = most > 0 ? backend.sessions / most : 0;
  const middle = y + kRow / 2;
  const bend = (kHubWidth + x) / 2;
  const right = `${word === "up" ? "" : `${word}, `}${number(backend.sessions)}`;
  const room = Math.floor((width - 16) / kLetter) - right.length;
  const parts = [
    title(told(backend)),
    drawing("path", {
      class: `flow ${look}`,
      d: `M${kHubWidth} ${hub_y} C${bend} ${hub_y} ${bend} ${middle} ${x} ${middle}`,
      "stroke-width": 1 + 9 * share,
      "stroke-dasharray": look === "down" ? "3 5" : undefined,
    }),
    drawing("rect", { class: "track", x, y: y + 3, width, height: kRow - 6, rx: 4 }),
    drawing("rect", { class: `bar ${look}`, x, y: y + 3, width: width * share, height: kRow - 6, rx: 4 }),
    drawing("rect", { class: look, x, y: y + 3, width: 4, height: kRow - 6, rx: 2 }),
    drawing("text", { x: x + 10, y: middle + 4 }, shorten(backend.name, Math.max(4, room))),
    drawing("text", { x: x + width - 6, y: middle + 4, "text-anchor": "end" }, right),
  ];
  if (backend.drain) {
    parts.push(drawing("rect", { class: look, x, y: y + kRow - 6, width: width * drain_progress(backend.drain), height: 3 }));
  }
  return drawing("g", {}, ...parts);
}

function draw_flow(pools, width) {
  const several = pools.size > 1;
  const most = Math.max(...[...pools.values()].flat().map(({ sessions }) => sessions));
  const x = kHubWidth + Math.min(kGap, width / 8);
  const height = [...pools.values()].reduce((sum, list) => sum + list.length * kRow + (several ? 22 : 0), 0);
  const hub_y = height / 2;
  const parts = [];
  let y = 0;
  let sum = 0;
  for (const [pool, backends] of pools) {
    if (several) {
      parts.push(drawing("text", { class: "soft", x, y: y + 16 }, shorten(pool, Math.floor((width - x) / kLetter))));
      y += 22;
    }
    for (const backend of backends) {
      parts.push(bar(backend, { x, y, width: width - x - 1, most, hub_y }));
      sum += backend.sessions;
      y += kRow;
    }
  }
  parts.push(
    drawing("rect", { class: "hub", x: 1, y: hub_y - 24, width: kHubWidth - 1, height: 48, rx: 8 }),
    drawing("text", { x: kHubWidth / 2, y: hub_y - 3, "text-anchor": "middle" }, "limpet"),
    drawing("text", { class: "soft", x: kHubWidth / 2, y: hub_y + 14, "text-anchor": "middle" }, number(sum)),
  );
  return [drawing("svg", { role: "img", viewBox: `0 0 ${width} ${Math.max(height, 50)}` }, ...parts)];
}

function draw_grid(pools, width) {
  const columns = Math.max(1, Math.floor(width / kCell));
  return [...pools].flatMap(([pool, backends]) => {
    const most = Math.max(1, ...backends.map(({ sessions }) => sessions));
    const cells = backends.map((backend, i) =>
      drawing("rect", {
        class: `cell ${state_of(backend).look}`,
        x: (i % columns) * kCell + 1,
        y: Math.floor(i / columns) * kCell + 1,
        width: kCell - 3,
        height: kCell - 3,
        "fill-opacity": 0.1 + 0.9 * (backend.sessions / most),
      }, title(told(backend))),
    );
    const svg = drawing("svg", { role: "img", viewBox: `0 0 ${width} ${Math.ceil(backends.length / columns) * kCell}` }, ...cells);
    return [element("h3", {}, `${pool}: ${plural(backends.length, "backend")}`), svg];
  });
}

function summary(backends) {
  const words = new Map();
  for (const backend of backends) {
    const { word } = state_of(backend);
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  return `${plural(backends.length, "backend")}: ${[...words].map(([word, count]) => `${number(count)} ${word}`).join(", ")}. The table below tells each.`;
}

// Drawn anew only when it would look different.
export function show_picture(backends) {
  const place = by_id("picture");
  const width = Math.max(200, Math.floor(place.clientWidth));
  const looks = backends.map((one) => [one.pool, one.name, state_of(one).word, one.sessions, one.drain && drain_progress(one.drain)]);
  const key = JSON.stringify([width, looks]);
  if (key === shown) return;
  shown = key;
  const pools = by_pool(backends);
  const drawn = backends.length > kMostBars ? draw_grid(pools, width) : draw_flow(pools, width);
  const label = summary(backends);
  for (const svg of drawn) if (svg.tagName === "svg") svg.setAttribute("aria-label", label);
  place.replaceChildren(...drawn);
}
