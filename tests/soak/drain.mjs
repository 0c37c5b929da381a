// Draining one of three backends under sessions in full traffic: every one of its clients is told, at the end of a frame, at the
// rate that was configured, and nobody else notices.
//   scripts/soak drain [--sessions 2000] [--rate 100] (closes a second) [--talk 1] (messages a second, session and direction)
import { until } from "../e2e/support/until.mjs";
import { NotThere, play } from "./support/story.mjs";

const kClose = { code: 1012, reason: "soak: come again" };
const kWarmMs = 8000;
const kAfterMs = 3000;
const kGraceMs = 30_000;
const kRateSpread = 0.1; // of the configured rate
const kAwayMs = 2000; // a client that was told has a session again
const kLookMs = 250;
const kDefaults = { sessions: 2000, rate: 100, talk: 1 };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Looks at the progress until nobody is left there; answers what was seen.
async function watch(field, name, is_over) {
  const seen = [];
  while (!is_over()) {
    const row = await field.admin.backend(name);
    seen.push(row);
    await pause(kLookMs);
  }
  return seen;
}

// Closes a second, of those in the middle: the first are told at once, and the last may wait for the end of a frame.
function rate_of(times) {
  const [first, last] = [0.05, 0.95].map((share) => Math.floor(share * (times.length - 1)));
  return (1000 * (last - first)) / (times[last] - times[first]);
}

function judge_ends(verdicts, ledger_ends, backend_ends, there) {
  const is_told = ({ ending }) => ending.word === "close" && ending.code === kClose.code && ending.reason === kClose.reason;
  const of = (ends, rule) => ends.filter(rule).length;
  verdicts.equal("clients of the backend that got the Close with code and reason", of(ledger_ends, is_told), there);
  verdicts.equal("their sessions whose backend got it too, masked", of(backend_ends, is_told), there);
  const both = [...ledger_ends, ...backend_ends];
  verdicts.zero("frames that were truncated, either side", of(both, ({ ending }) => ending.word === "truncated"));
  verdicts.zero("ends without a Close", of(both, ({ ending }) => ["eof", "reset"].includes(ending.word)));
  verdicts.zero("bytes behind a Close", both.reduce((sum, { ending }) => sum + ending.after_close, 0));
}

await play("drain", kDefaults, async ({ sessions, rate, talk }, verdicts, lay) => {
  const settings = { drain: { close_code: kClose.code, reason: kClose.reason, rate: `${rate}/s`, grace: `${kGraceMs}ms` } };
  const field = await lay({ sessions, rate: talk, settings });
  if (!(await field.has_call("/v1/backends/none/drain"))) throw new NotThere("this limpet has no drain");
  await field.open();
  await pause(kWarmMs);
  const there = (await field.ask_clients("live")).flat().filter(({ backend }) => backend === "b1").length;
  const [ends, backend_ends, opens] = [[], [], []];
  let others = 0;
  field.ledger.listen((item, side) => {
    if (item.kind === "open") opens.push(item);
    else if (item.kind === "end" && item.backend === "b1") (side === "client" ? ends : backend_ends).push(item);
    // A backend also tells of handshakes that were given up there and tried on another one.
    else if (item.kind === "end" && side === "client") others += 1;
  });
  const touch = field.judge.touch("b1", { ends: kClose, moves: true });
  const asked_at = Date.now();
  await field.must_post("/v1/backends/b1/drain");
  const bound_ms = 3 * ((1000 * there) / rate) + kGraceMs;
  const progress = await watch(field, "b1", () => (ends.length >= there && backend_ends.length >= there) || Date.now() - asked_at > bound_ms);
  await pause(kAfterMs);
  await until(async () => (await field.count()) === sessions, { what: "all are served" }).catch(() => {});
  const accounts = await field.settle_accounts();
  judge_ends(verdicts, ends, backend_ends, there);
  verdicts.zero("sessions of other backends that ended", others);
  const times = ends.map(({ ending }) => ending.close_at).filter(Boolean).sort((a, b) => a - b);
  const measured = rate_of(times);
  verdicts.within("closes a second", measured, [rate * (1 - kRateSpread), rate * (1 + kRateSpread)]);
  verdicts.tell("from the order to the first Close, to the last, s", `${(times[0] - asked_at) / 1000}, ${(times.at(-1) - asked_at) / 1000}`);
  verdicts.equal("clients that are back", opens.length, there);
  const astray = opens.filter(({ backend }) => backend === "b1");
  verdicts.zero("of them on the backend that drains", astray.length);
  for (const open of astray.slice(0, 3)) {
    const its = [...ends, ...backend_ends].filter(({ number }) => number === open.number);
    console.log(`came back to the backend that drains: ${JSON.stringify(open)}; before: ${JSON.stringify(its)}`);
  }
  verdicts.at_most("the longest that one was away", Math.max(0, ...opens.map(({ away_ms }) => away_ms)), kAwayMs, " ms");
  verdicts.equal("live sessions at the end, whose accounts are level", accounts.sessions - accounts.unequal.length, sessions);
  verdicts.tell("messages and MB in them", `${accounts.messages}, ${(accounts.bytes / 1e6).toFixed(0)}`);
  verdicts.tell("slowest Ping there and back, ms", accounts.worst_pong_ms.toFixed(0));
  const totals = await field.totals();
  verdicts.equal("counted by limpet: drained", totals.ends.drained ?? 0, there);
  verdicts.zero("counted by limpet: cut short", totals.sessions_cut);
  verdicts.row("the mode that /v1/backends tells", progress.at(-1)?.mode, "draining", progress.at(-1)?.mode === "draining");
  verdicts.tell("what it told in the middle", JSON.stringify(progress[progress.length >> 1]?.drain ?? progress[progress.length >> 1]));
  await field.must_post("/v1/backends/b1/enable");
  touch.over();
  await field.ask_clients("churn", { per_s: 50 });
  await until(async () => (await field.admin.backend("b1")).mode === "enabled", { what: "it is enabled again" });
  await pause(kAfterMs);
  field.judge.report(verdicts);
});
