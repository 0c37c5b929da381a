// Live sessions, fifty at a time, when they are asked for: there may be 100,000.
import { call } from "./api.js";
import { by_id, duration, element, number, show_pages } from "./dom.js";

const kPage = 50;
const form = by_id("choose");
const table = by_id("sessions");
const nav = by_id("session-pages");
let cursors = []; // of the pages so far

function row_of(session) {
  const cell = (text, look) => element("td", look ? { class: look } : {}, text);
  return element("tr", {},
    cell(String(session.id), "number"), cell(session.key ?? ""), cell(session.backend ?? ""), cell(session.client, "wide"),
    cell(duration(session.age_s), "number"), cell(duration(session.idle_s), "number wide"),
    cell(`${number(session.messages_from_client)}, ${number(session.messages_from_backend)}`, "number wide"));
}

async function show(page) {
  const backend = form.elements.backend.value.trim();
  const cursor = cursors[page];
  try {
    const words = new URLSearchParams({ limit: kPage, ...(backend && { backend }), ...(cursor && { cursor }) });
    const { sessions, next } = await call(`/v1/sessions?${words}`);
    cursors[page + 1] = next;
    table.tBodies[0].replaceChildren(...sessions.map(row_of));
    table.hidden = sessions.length === 0;
    delete nav.dataset.shown;
    show_pages(nav, { page, has_next: next !== null, what: sessions.length ? `page ${page + 1}` : "none on this page", go: show });
  } catch (error) {
    table.hidden = true;
    nav.replaceChildren(element("span", { class: "fault" }, error.message));
  }
}

export function start_sessions() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    cursors = [];
    show(0);
  });
}
