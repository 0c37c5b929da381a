// A thousand reloads under live sessions: another backend is added, re-weighted and removed, and bad files are among them. Nobody
// whose backend stays may notice.
//   scripts/soak reload [--sessions 500] [--reloads 1000] [--talk 1]
import { until } from "../e2e/support/until.mjs";
import { Changes, kBadFiles } from "./support/changes.mjs";
import { ms_until, pause } from "./support/health.mjs";
import { MemoryWatch } from "./support/memory.mjs";
import { NotThere, play } from "./support/story.mjs";

const kDefaults = { sessions: 500, reloads: 1000, talk: 1 };
const kGoneMs = 30_000;
const kSignalEvery = 50; // of the reloads one is ordered by a signal
const kSignalMs = 10_000;
const kWarmReloads = 0.2; // of them, before memory is looked at
const kSpareDescriptors = 4;

// What the reloads do, in turn; each is a change of the settings, or a text that must be refused.
function next_step(number, extra) {
  const bad = kBadFiles[number % kBadFiles.length];
  const its = (settings) => settings.backends.find(({ name }) => name === extra.name);
  const steps = [
    (settings) => settings.backends.push(extra.as_backend()),
    (settings) => (its(settings).weight = 2 + (number % 7)),
    bad,
    (settings) => (settings.backends = settings.backends.filter(({ name }) => name !== extra.name)),
    (settings) => (settings.timeouts = { ...settings.timeouts, response: `${30 + (number % 20)}s` }),
  ];
  return steps[number % steps.length];
}

const is_explained = ({ errors = [], detail }) => Boolean(detail) || errors.some(({ message }) => message);

async function by_signal(field, changes, change) {
  const before = await changes.generation();
  change(changes.settings);
  changes.write(changes.settings);
  process.kill(field.pid(), "SIGHUP");
  return ms_until(async () => (await changes.generation()) > before, { within: kSignalMs });
}

async function reload_all(field, changes, { reloads, extra, on_warm }) {
  const seen = { good: 0, bad: 0, signals: 0, slowest_ms: 0, wrong: [] };
  for (let number = 0; number < reloads; ++number) {
    if (number === Math.floor(reloads * kWarmReloads)) on_warm();
    const step = next_step(number, extra);
    const asked_at = performance.now();
    if (typeof step === "string") {
      const { status, body } = await changes.apply_text(step);
      if (status >= 400 && status < 500 && is_explained(JSON.parse(body))) seen.bad += 1;
      else seen.wrong.push(`${status} ${body}`);
    } else if (number % kSignalEvery === 0) {
      if ((await by_signal(field, changes, step)) < kSignalMs) seen.signals += 1;
      else seen.wrong.push("a signal without effect");
    } else {
      const { status, body } = await changes.apply(step);
      if (status === 200) seen.good += 1;
      else seen.wrong.push(`${status} ${body}`);
    }
    seen.slowest_ms = Math.max(seen.slowest_ms, performance.now() - asked_at);
  }
  return seen;
}

await play("reload", kDefaults, async ({ sessions, reloads, talk }, verdicts, lay) => {
  const field = await lay({ sessions, rate: talk, backends: ["b1", "b2"] });
  if (!(await field.has_call("/v1/reload?plan=true"))) throw new NotThere("this limpet has no reload");
  const extra = await field.start_backend("extra");
  const pid = field.pid();
  await field.open();
  await pause(2000);
  const descriptors_before = field.descriptors();
  const health_before = field.limpet.events("health").filter(({ backend }) => backend !== "extra").length;
  const changes = new Changes(field);
  const generation_before = await changes.generation();
  let memory;
  const on_warm = () => (memory = new MemoryWatch(() => field.pss_bytes(pid), { every_ms: 200 }));
  const begun_at = performance.now();
  const seen = await reload_all(field, changes, { reloads, extra, on_warm });
  const took_s = (performance.now() - begun_at) / 1000;
  memory.stop();
  verdicts.zero("reloads that were answered wrongly", seen.wrong.length);
  if (seen.wrong.length > 0) console.log(seen.wrong.slice(0, 5));
  verdicts.tell("reloads: applied, refused, by signal", `${seen.good}, ${seen.bad}, ${seen.signals}`);
  verdicts.tell("they took, s; the slowest, ms", `${took_s.toFixed(1)}; ${seen.slowest_ms.toFixed(0)}`);
  verdicts.tell("generations", (await changes.generation()) - generation_before);
  const accounts = await field.settle_accounts();
  verdicts.equal("sessions that live, whose accounts are level", accounts.sessions - accounts.unequal.length, sessions);
  verdicts.zero("sessions that ended", field.ledger.ended);
  verdicts.tell("messages and MB in them", `${accounts.messages}, ${(accounts.bytes / 1e6).toFixed(0)}`);
  memory.judge(verdicts, { from_ms: 0 });
  const health_after = field.limpet.events("health").filter(({ backend }) => backend !== "extra").length;
  verdicts.zero("changes of health of the others", health_after - health_before);
  verdicts.equal("processes", field.processes().length, 1);
  verdicts.equal("the process is the one that was started", field.pid(), pid);
  await until(async () => !(await field.admin.backend("extra")), { within: kGoneMs, what: "the other backend is gone" });
  const most = descriptors_before + kSpareDescriptors;
  await until(() => field.descriptors() <= most, { within: kGoneMs }).catch(() => {});
  verdicts.at_most("descriptors", field.descriptors(), most);
  field.judge.report(verdicts);
});
