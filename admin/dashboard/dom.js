// Elements and words. Names of backends and keys come from elsewhere: they become text nodes and attributes, never markup.
const kSvg = "http://www.w3.org/2000/svg";

export const by_id = (id) => document.getElementById(id);

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on_")) made.addEventListener(name.slice(3), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// element("td", {class: "up"}, "text", another): `on_click` and its like are listeners.
export const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const drawing = (tag, attributes = {}, ...children) => fill(document.createElementNS(kSvg, tag), attributes, children);

// Text that is already there is left alone, so that a screen reader does not hear it again.
export function set_text(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

const kNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
export const number = (value) => kNumber.format(value);
export const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

export function duration(seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 10) return `${number(seconds)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

export const clock_time = (when) => new Date(when).toLocaleTimeString("en-GB");

// At most so many characters, for what has little room.
export function shorten(text, most) {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, Math.max(1, most - 1)).join("")}…`;
}

// Buttons for the page before and after; `go` is told which one.
export function show_pages(nav, { page, has_next, what, go }) {
  const key = JSON.stringify([page, has_next, what]);
  if (nav.dataset.shown === key) return;
  nav.dataset.shown = key;
  const button = (text, to, on) => element("button", { type: "button", disabled: !on, on_click: () => go(to) }, text);
  nav.replaceChildren(
    ...(page > 0 || has_next ? [button("Earlier", page - 1, page > 0), button("Next", page + 1, has_next)] : []),
    element("span", {}, what),
  );
}
