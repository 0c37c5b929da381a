// Where a client goes and why: its pin, and every step of the decision.
import { call, in_path } from "./api.js";
import { by_id, clock_time, element, number } from "./dom.js";

const form = by_id("search");
const found = by_id("found");
// Kinds of keys whose text says all of a client. That of a cookie is sealed inside the cookie; that of a path is a part of it.
const kTellable = ["client_ip", "header", "query"];
let known_pools = "";

export function show_pools(pools) {
  const names = pools.map(({ name }) => name);
  if (names.join("\n") === known_pools) return;
  known_pools = names.join("\n");
  const any = element("option", { value: "" }, "any");
  form.elements.pool.replaceChildren(...(names.length > 1 ? [any] : []), ...names.map((name) => element("option", { value: name }, name)));
}

const with_pool = (words, pool) => `?${new URLSearchParams({ ...words, ...(pool && { pool }) })}`;

// Null when there is none.
async function pin_of(key, words) {
  try {
    return await call(`/v1/affinity/${in_path(key)}${with_pool(words)}`);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function facts(pin) {
  const rows = {
    key: pin.key, kind: pin.kind, pool: pin.pool ?? "none", backend: pin.backend ?? "gone", reason: pin.reason,
    "live sessions": number(pin.sessions), "seen last": clock_time(pin.last_seen),
    expires: pin.expires ? clock_time(pin.expires) : "not while sessions are live",
  };
  return element("dl", {}, ...Object.entries(rows).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function steps_of({ steps, backend, reason, pool }) {
  const lines = steps.map(({ step, backend: at, verdict }) => element("li", {}, `${step}${at ? ` ${at}` : ""}: ${verdict}`));
  const end = backend ? `The next request goes to ${backend} of pool ${pool}: ${reason}.` : `Nobody can take the next request: ${reason}.`;
  return [element("h3", {}, "Steps"), element("ol", { class: "steps" }, ...lines), element("p", {}, end)];
}

async function search({ kind, value, pool }) {
  if (kind === "key") {
    const pin = await pin_of(value, { ...(pool && { pool }) });
    if (!pin) return [element("p", {}, `No pin has the key ${value}.`)];
    if (!kTellable.includes(pin.kind)) return [facts(pin), element("p", {}, `To see the steps, give the client's ${pin.kind}.`)];
    return [facts(pin), ...steps_of(await call(`/v1/affinity/explain${with_pool({ [pin.kind]: pin.key }, pin.pool)}`))];
  }
  const explained = await call(`/v1/affinity/explain${with_pool({ [kind]: value }, pool)}`);
  const pin = explained.key && (await pin_of(explained.key, { pool: explained.pool, kind: explained.kind }));
  return [pin ? facts(pin) : element("p", {}, "It has no pin."), ...steps_of(explained)];
}

export function start_affinity() {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      found.replaceChildren(...(await search(Object.fromEntries(new FormData(form)))));
    } catch (error) {
      found.replaceChildren(element("p", { class: "fault" }, error.message));
    }
  });
}
