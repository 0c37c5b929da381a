// A node that is cut off in silence: no packet passes, and nobody is told. Its sessions end in time, others notice nothing, and it is
// back soon after the cable is mended. Needs root, for the network namespace.
//   scripts/soak partition [--sessions 200] [--talk 2]
import { until } from "../e2e/support/until.mjs";
import { FarNode } from "./support/far_node.mjs";
import { ms_until, ms_until_health, pause } from "./support/health.mjs";
import { play } from "./support/story.mjs";

const kDefaults = { sessions: 200, talk: 2 };
const kHealth = { probe: "http", interval: "2s", timeout: "1s", fall: 3, rise: 2 };
const kSilentMs = 10_000; // TCP_USER_TIMEOUT
const kOutMs = 3 * 2000 + 1000;
const kLateMs = 1000; // between two messages, a retransmission
const kServiceMs = 2000;
const kAwayMs = 5000; // a handshake that hangs there, and another
const kCalmMs = 30_000;

await play("partition", kDefaults, async ({ sessions, talk }, verdicts, lay) => {
  const node = new FarNode();
  try {
    const field = await lay({ sessions, rate: talk, settings: { health: kHealth }, backends: ["near"], far: { name: "far", node: node.lay() } });
    await field.open();
    await pause(3000);
    await until(async () => (await field.admin.backends()).every(({ health }) => health === "up"), { what: "both are up" });
    const there = (await field.ask_clients("live")).flat().filter(({ backend }) => backend === "far").length;
    const ends = [];
    field.ledger.listen((item, side) => {
      if (item.kind === "end" && side === "client" && item.backend === "far") ends.push(item);
    });
    const touch = field.judge.touch("far", { ends: { any: true }, moves: true });
    const since = performance.now();
    const cut_at = Date.now();
    node.cut();
    const out_ms = await ms_until_health(field, "far", "down", { within: kCalmMs, since });
    verdicts.at_most("out after", out_ms, kOutMs + kLateMs, " ms");
    await ms_until(() => ends.length >= there, { within: kCalmMs, since });
    verdicts.equal("its clients that saw the end", ends.length, there);
    verdicts.at_most("the last of them after", Math.max(...ends.map(({ at }) => at)) - cut_at, kSilentMs + kLateMs, " ms");
    const words = new Set(ends.map(({ ending }) => ending.word));
    verdicts.tell("how it ended for them", [...words].join(", "));
    await field.all_served({ within: kCalmMs });
    verdicts.at_most("the longest that one was away", field.ledger.longest_away_ms, kAwayMs, " ms");
    node.mend();
    verdicts.at_most("up after the cable is mended", await ms_until_health(field, "far", "up", { within: kCalmMs }), kServiceMs + kLateMs, " ms");
    await until(async () => (await field.backend("far").ask("live")).length === 0, { within: kCalmMs, what: "the node knows" }).catch(() => {});
    verdicts.zero("sessions that the node still believes in", (await field.backend("far").ask("live")).length);
    touch.over();
    const accounts = await field.settle_accounts();
    verdicts.equal("live sessions at the end, whose accounts are level", accounts.sessions - accounts.unequal.length, sessions);
    field.judge.report(verdicts);
    await field.clear();
  } finally {
    node.stop();
  }
});
