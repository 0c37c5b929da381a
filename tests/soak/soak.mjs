// Sessions in traffic for as long as told, and a fault by chance every ten seconds; what may never happen is looked for all the time.
//   scripts/soak soak [--for 10m] [--sessions 2000] [--talk 0.5] [--seed 1] [--every 10s]
// The seed decides which faults come in which order; `--only N` plays the one with that number, again and again.
import { until } from "../e2e/support/until.mjs";
import { Changes } from "./support/changes.mjs";
import { pause } from "./support/health.mjs";
import { MemoryWatch } from "./support/memory.mjs";
import { kFaults } from "./support/random_faults.mjs";
import { dice } from "../e2e/support/traffic_script.mjs";
import { play } from "./support/story.mjs";

const kDefaults = { for: "10m", every: "10s", sessions: 2000, talk: 0.5, only: 0 };
const kClose = { code: 1012, reason: "soak: come again" };
const kHealth = { probe: "http", interval: "1s", timeout: "1s", fall: 3, rise: 2, passive: { eject: "2s" } };
const kChurn = 10; // clients that leave in good order, a second and process of clients
const kServedMs = 6000; // every client has a session again: two handshakes that hang, and what is lost on a busy machine
const kCalmMs = 30_000;
const kFlatAfterMs = 60_000;
const kFaultsBetweenAccounts = 6;
const kSpareDescriptors = 4; // our own questions, a probe that is on its way

async function what_there_is(field) {
  return {
    drain: await field.has_call("/v1/backends/none/drain"),
    reload: await field.has_call("/v1/reload?plan=true"),
    end: !(await field.post("/v1/sessions/none", undefined, "DELETE")).body.toString().includes("no such call"),
    upgrade: await field.has_command("upgrade"),
  };
}

// Sessions in /v1/status, in /v1/backends and at the clients are the same number.
async function compare_counters(field, verdicts) {
  await field.ask_clients("churn", { per_s: 0 });
  let seen;
  const is_same = async () => {
    const { sessions } = await field.admin.json("/v1/status");
    const of_backends = (await field.admin.backends()).reduce((sum, one) => sum + one.sessions, 0);
    seen = { clients: await field.count(), status: sessions, backends: of_backends };
    return Object.values(seen).every((count) => count === field.sessions);
  };
  await until(is_same, { within: kCalmMs }).catch(() => verdicts.row("counters, once calm", JSON.stringify(seen), `all = ${field.sessions}`, false));
  await field.ask_clients("churn", { per_s: kChurn });
}

function watch_away(field, seen) {
  const timer = setInterval(async () => {
    const away_ms = await field.longest_away_ms().catch(() => 0);
    seen.longest_ms = Math.max(seen.longest_ms, away_ms, field.ledger.longest_away_ms);
  }, 500);
  return () => clearInterval(timer);
}

// Every fault that there is, in an order of chance; then all again in another.
function* faults_by_chance({ has, throw_dice }) {
  for (;;) {
    const bag = kFaults.filter(({ needs }) => !needs || has[needs]);
    while (bag.length > 0) yield bag.splice(Math.floor(throw_dice() * bag.length), 1)[0];
  }
}

async function play_faults(world, options, verdicts) {
  const { field } = world;
  const by_chance = faults_by_chance(world);
  const end_at = performance.now() + options.for;
  const played = {};
  for (let round = 1; performance.now() < end_at; ++round) {
    const next_at = performance.now() + options.every;
    const fault = options.only ? kFaults[options.only - 1] : by_chance.next().value;
    console.log(`${new Date().toISOString()} ${fault.name}`);
    await fault.play(world);
    played[fault.name] = (played[fault.name] ?? 0) + 1;
    await field.all_served({ within: kCalmMs });
    await compare_counters(field, verdicts);
    if (round % kFaultsBetweenAccounts === 0) await field.settle_accounts();
    field.judge.judge_rest();
    await pause(Math.max(0, next_at - performance.now()));
  }
  return played;
}

async function leave_the_field(field, verdicts, descriptors_before) {
  await field.ask_clients("leave");
  await until(async () => (await field.count()) === 0, { within: kCalmMs, what: "all have left" });
  const most = descriptors_before + kSpareDescriptors;
  await until(() => field.descriptors() <= most, { within: kCalmMs }).catch(() => {});
  verdicts.at_most("descriptors when all have left", field.descriptors(), most);
  verdicts.zero("sessions then, by /v1/status", (await field.admin.json("/v1/status")).sessions);
}

await play("soak", kDefaults, async (options, verdicts, lay) => {
  const settings = { health: kHealth, drain: { close_code: kClose.code, reason: kClose.reason, rate: "100/s", grace: "30s" } };
  const field = await lay({ sessions: options.sessions, rate: options.talk, settings });
  const descriptors_before = field.descriptors();
  const extra = await field.start_backend("extra");
  const has = await what_there_is(field);
  console.log(`this limpet has: ${Object.keys(has).filter((word) => has[word]).join(", ") || "none of the orders"}`);
  const world = { field, has, extra, close: kClose, changes: new Changes(field), throw_dice: dice(options.seed, 0x50a4) };
  const memory = new MemoryWatch(() => field.pss_bytes());
  await field.open();
  await field.ask_clients("churn", { per_s: kChurn });
  const away = { longest_ms: 0 };
  const stop_watching = watch_away(field, away);
  const played = await play_faults(world, options, verdicts);
  stop_watching();
  await field.ask_clients("churn", { per_s: 0 });
  await field.all_served({ within: kCalmMs });
  const accounts = await field.settle_accounts();
  verdicts.tell("faults", Object.entries(played).map(([name, count]) => `${name} ${count}`).join(", "));
  verdicts.tell("sessions in all", field.ledger.opened);
  verdicts.equal("live sessions at the end, whose accounts are level", accounts.sessions - accounts.unequal.length, field.sessions);
  verdicts.at_most("the longest that a client was without a session", away.longest_ms, kServedMs, " ms");
  verdicts.tell("handshakes that failed", JSON.stringify(field.ledger.failures));
  memory.stop();
  memory.judge(verdicts, { from_ms: kFlatAfterMs });
  await leave_the_field(field, verdicts, descriptors_before);
  field.judge.report(verdicts);
});
