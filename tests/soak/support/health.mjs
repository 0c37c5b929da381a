// Watching what limpet says of its backends while things are done to them.
import { get } from "../../e2e/support/http_client.mjs";

const kLookMs = 20;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// How long until `condition`, in ms; Infinity when it does not come.
export async function ms_until(condition, { within, since = performance.now() }) {
  for (;;) {
    if (await condition()) return performance.now() - since;
    if (performance.now() - since > within) return Infinity;
    await pause(kLookMs);
  }
}

export async function health_of(field, name) {
  return (await field.admin.backend(name)).health;
}
export function ms_until_health(field, name, health, options) {
  return ms_until(async () => (await health_of(field, name)) === health, options);
}

// One GET: {status, took_ms, retry_after}.
export async function ask_once(field) {
  const asked_at = performance.now();
  const { status, headers } = await get(`${field.limpet.url}/`);
  return { status, took_ms: performance.now() - asked_at, retry_after: headers["retry-after"] };
}
