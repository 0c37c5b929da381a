// The hand-over from one limpet process to the next.
import { until } from "../../e2e/support/until.mjs";

const kTakenOverMs = 30_000;
const kGoneMs = 120_000; // all sessions at the drain rate, and the grace of the last

// Orders it and waits until the new process serves and the old one has left; answers {took_over_ms, gone_ms, pid}.
export async function replace_process(field) {
  const old = field.pid();
  const upgrades = () => field.limpet.events("upgraded").length;
  const before = upgrades();
  const begun_at = performance.now();
  process.kill(old, "SIGUSR2");
  await until(() => upgrades() > before && field.pid() !== old, { within: kTakenOverMs, what: "a new process has taken over" });
  const took_over_ms = performance.now() - begun_at;
  await until(() => !field.processes().includes(old), { within: kGoneMs, what: "the old process has left" });
  return { took_over_ms, gone_ms: performance.now() - begun_at, pid: field.pid() };
}
