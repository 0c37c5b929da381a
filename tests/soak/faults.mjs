// What happens to backends, one fault after the other, under sessions in traffic, with the default bounds of health: what promise 10
// says of each, and that nobody else notices.
//   scripts/soak faults [--sessions 600] [--talk 1] [--only 0] (a fault by its number, 0: all)
import { Crowd } from "../siege/support/crowd.mjs";
import { upgrade_request } from "../e2e/support/frames.mjs";
import { until } from "../e2e/support/until.mjs";
import { ask_once, health_of, ms_until, ms_until_health, pause } from "./support/health.mjs";
import { play } from "./support/story.mjs";

const kDefaults = { sessions: 600, talk: 1, only: 0 };
const kHealth = { probe: "http", interval: "2s", timeout: "1s", fall: 3, rise: 2, close_after: "4s" };
const kOutMs = 3 * 2000 + 1000; // fall x interval + timeout
const kCloseAfterMs = 4000;
const kLateMs = 500; // a busy machine, and how often we look
const kAnswerMs = 5500; // a client that is slow in the middle of a frame answers a Close late, and is waited for this long
const kDeathMs = 1000; // a death reaches its clients
const kServiceMs = 2000; // from health to service
const kAtOnceMs = 200; // of an answer of limpet's own
const kAwayMs = 3000; // a client that lost its backend has a session again; a kill -9 may be found by a handshake
const kCalmMs = 30_000;

// All live, and nothing is lost.
async function settle(field) {
  await field.all_served({ within: kCalmMs });
  await field.settle_accounts();
}
// The ends of sessions of `name` from now on.
function gather_ends(field, name) {
  const ends = [];
  const stop = field.ledger.listen((item, side) => {
    if (item.kind === "end" && side === "client" && item.backend === name) ends.push(item);
  });
  return { ends, stop };
}
async function live_on(field, name) {
  return (await field.ask_clients("live")).flat().filter(({ backend }) => backend === name).length;
}
async function back_up(field, backend) {
  await backend.start();
  await until(async () => (await health_of(field, backend.name)) === "up", { within: kCalmMs, what: `${backend.name} is up` });
}

async function kill(field, verdicts) {
  const [b1] = field.backends;
  const there = await live_on(field, "b1");
  const touch = field.judge.touch("b1", { ends: { any: true }, moves: true });
  const { ends, stop } = gather_ends(field, "b1");
  field.ledger.longest_away_ms = 0;
  const killed_at = Date.now();
  await b1.kill();
  await ms_until(() => ends.length >= there, { within: kCalmMs });
  verdicts.equal("kill -9: its clients that saw the end", ends.length, there);
  verdicts.at_most("kill -9: the last of them after", Math.max(...ends.map(({ at }) => at)) - killed_at, kDeathMs, " ms");
  await field.all_served({ within: kCalmMs });
  verdicts.at_most("kill -9: the longest that one was away", field.ledger.longest_away_ms, kAwayMs, " ms");
  stop();
  await back_up(field, b1);
  touch.over();
}

async function freeze(field, verdicts) {
  const b2 = field.backend("b2");
  await field.ask_clients("churn", { per_s: 10, how: "cut" }); // pinned clients come back to a node that hangs
  const there = await live_on(field, "b2");
  const touch = field.judge.touch("b2", { ends: { any: true }, moves: true });
  const { ends, stop } = gather_ends(field, "b2");
  field.ledger.longest_away_ms = 0;
  b2.freeze();
  const frozen_at = performance.now();
  const wall = Date.now();
  const out_ms = await ms_until_health(field, "b2", "down", { within: 2 * kOutMs, since: frozen_at });
  verdicts.at_most("SIGSTOP: out after", out_ms, kOutMs + kLateMs, " ms");
  await field.ask_clients("churn", { per_s: 0 });
  const closed_ms = await ms_until(() => ends.length >= there, { within: out_ms + 2 * kCloseAfterMs + kCalmMs, since: frozen_at });
  verdicts.at_most("SIGSTOP: all its sessions have ended after", closed_ms, out_ms + kCloseAfterMs + there * 10 + kLateMs + kAnswerMs, " ms");
  const early = ends.filter(({ at, ending }) => !ending.left && at - wall < out_ms - kLateMs);
  verdicts.zero("SIGSTOP: sessions ended before it was out", early.length);
  // In the middle of a frame no Close can be put: such a client is told by the end of the stream.
  const untold = ends.filter(({ ending }) => !ending.left && ending.word !== "close" && ending.word !== "truncated").length;
  verdicts.zero("SIGSTOP: of its clients not told by a Close, no frame under way", untold);
  b2.thaw();
  const up_ms = await ms_until_health(field, "b2", "up", { within: kCalmMs });
  verdicts.at_most("SIGCONT: up again after", up_ms, kServiceMs + kLateMs, " ms");
  await field.all_served({ within: kCalmMs });
  verdicts.at_most("SIGSTOP: the longest that a client was away", field.ledger.longest_away_ms, 2 * kServiceMs + kLateMs, " ms");
  stop();
  touch.over(5000);
}

async function short_freeze(field, verdicts) {
  const b2 = field.backend("b2");
  const { ends, stop } = gather_ends(field, "b2");
  b2.freeze();
  await pause(3000);
  b2.thaw();
  await settle(field);
  verdicts.zero("SIGSTOP for 3 s: sessions that ended", ends.length);
  stop();
}

async function busy(field, verdicts) {
  const b3 = field.backend("b3");
  const { ends, stop } = gather_ends(field, "b3");
  const touch = field.judge.touch("b3", { ends: undefined, moves: true });
  await b3.ask("answer_after", { ms: 60_000 });
  const out_ms = await ms_until_health(field, "b3", "down", { within: 2 * kOutMs });
  verdicts.at_most("late probes: out after", out_ms, kOutMs + kLateMs, " ms");
  await pause(kCloseAfterMs + 3000);
  verdicts.zero("late probes: sessions that ended, though the node is down", ends.length);
  await b3.ask("answer_after", { ms: 0 });
  const up_ms = await ms_until_health(field, "b3", "up", { within: kCalmMs });
  verdicts.at_most("late probes: up again after", up_ms, kServiceMs + kLateMs, " ms");
  stop();
  touch.over();
}

async function flap(field, verdicts) {
  const [b1] = field.backends;
  const touch = field.judge.touch("b1", { ends: { any: true }, moves: true });
  field.ledger.longest_away_ms = 0;
  for (let i = 0; i < 6; ++i) {
    await b1.kill();
    await pause(1000);
    await b1.start();
    await pause(1000);
  }
  await field.all_served({ within: kCalmMs });
  verdicts.at_most("flapping: the longest that a client was away", field.ledger.longest_away_ms, kAwayMs, " ms");
  await until(async () => (await health_of(field, "b1")) === "up", { within: kCalmMs, what: "b1 is up" });
  touch.over();
}

async function all_down(field, verdicts) {
  const touch = field.judge.touch("*", { ends: { any: true }, moves: true });
  await Promise.all(field.backends.map((one) => one.kill()));
  const answers = [];
  const end = performance.now() + 6000;
  while (performance.now() < end) {
    answers.push(await ask_once(field));
    await pause(50);
  }
  verdicts.zero("all down: answers that are not 503 with Retry-After", answers.filter((one) => one.status !== 503 || !(one.retry_after >= 1)).length);
  verdicts.at_most("all down: the slowest 503", Math.max(...answers.map(({ took_ms }) => took_ms)), kAtOnceMs, " ms");
  const starting = field.backends.map((one) => one.start());
  await Promise.race(starting);
  const since = performance.now();
  const service_ms = await ms_until(async () => (await ask_once(field)).status === 200, { within: kCalmMs, since });
  verdicts.at_most("all down: service after the first is back", service_ms, kServiceMs + kLateMs, " ms");
  await Promise.all(starting);
  await field.all_served({ within: kCalmMs });
  await until(async () => (await field.admin.backends()).every(({ health }) => health === "up"), { within: kCalmMs });
  touch.over();
}

async function resets(field, verdicts) {
  const port = field.limpet.port;
  const before = (await field.totals()).ends.client_reset ?? 0;
  const storms = [{ count: 3000, send: "" }, { count: 2000, send: upgrade_request({ path: "/storm" }), when: "answered" }];
  for (const storm of storms) await field.add(new Crowd({ port, leave: "reset", ...storm })).done();
  verdicts.equal("RST storm of clients: counted as such", ((await field.totals()).ends.client_reset ?? 0) - before, 5000);
  const b3 = field.backend("b3");
  const touch = field.judge.touch("b3", { ends: { any: true }, moves: true });
  const { ends, stop } = gather_ends(field, "b3");
  const count = await b3.ask("reset", { count: 50 });
  await ms_until(() => ends.length >= count, { within: kCalmMs });
  verdicts.equal("RST storm of a backend: sessions that ended", ends.length, count);
  await settle(field);
  stop();
  touch.over();
}

const kFaults = [kill, freeze, short_freeze, busy, flap, all_down, resets];

await play("faults", kDefaults, async ({ sessions, talk, only }, verdicts, lay) => {
  const field = await lay({ sessions, rate: talk, settings: { health: kHealth } });
  await field.open();
  await pause(2000);
  for (const fault of only ? [kFaults[only - 1]] : kFaults) {
    console.log(`${new Date().toISOString()} ${fault.name}`);
    await fault(field, verdicts);
    await settle(field);
  }
  field.judge.report(verdicts);
});
