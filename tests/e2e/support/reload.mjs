// Changing a running limpet: its file, and the calls that have it read.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "./http_client.mjs";
import { until } from "./until.mjs";

// `change(settings)` changes the configuration of the file; `write` alone puts any text there.
export function edit(limpet, change) {
  const settings = JSON.parse(readFileSync(limpet.file, "utf8"));
  change(settings);
  write(limpet, JSON.stringify(settings, (_, value) => (value?.as_backend ? value.as_backend() : value), 1));
}
export function write(limpet, text) {
  writeFileSync(limpet.file, text);
}

// A changing call; answers its JSON, after a look at its status.
export async function call(limpet, method, path, body, { status = 200 } = {}) {
  const answer = await request(limpet.admin.url + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status !== status) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body.toString());
}
export const reload = (limpet, options) => call(limpet, "POST", "/v1/reload", undefined, options);
export const plan = (limpet, options) => call(limpet, "POST", "/v1/reload?plan=true", undefined, options);

// HUP, and the line that says what came of it.
export async function hang_up(limpet, event = "reloaded") {
  const by_signal = () => limpet.events(event).filter(({ by }) => by === "signal"); // a line of the api may be on its way
  const before = by_signal().length;
  limpet.signal("SIGHUP");
  return until(() => by_signal()[before], { what: `the log says ${event}` });
}

export const keys_of = (changes) => changes.map(({ change, key }) => `${change} ${key}`).sort();
