// One process hands over to the next while sessions talk and new ones come: none is refused, none loses a frame, and each of the old
// process's clients is told before it leaves.
//   scripts/soak upgrade [--sessions 200] [--handshakes 500] (a second) [--talk 2] [--upgrades 3]
import { fileURLToPath } from "node:url";
import { Program } from "../e2e/support/traffic.mjs";
import { until } from "../e2e/support/until.mjs";
import { pause } from "./support/health.mjs";
import { NotThere, play } from "./support/story.mjs";
import { replace_process } from "./support/upgrade.mjs";

const kDefaults = { sessions: 200, handshakes: 500, talk: 2, upgrades: 3 };
const kClose = { code: 1012, reason: "soak: come again" };
const kProgram = fileURLToPath(new URL("support/handshakes_program.mjs", import.meta.url));
const kWarmMs = 3000;
const kAwayMs = 2000;
const kSlowestMs = 2000; // of a handshake, the hand-over within it

await play("upgrade", kDefaults, async ({ sessions, handshakes, talk, upgrades }, verdicts, lay) => {
  const settings = { drain: { close_code: kClose.code, reason: kClose.reason, rate: "100/s", grace: "10s" }, upgrade: { grace: "20s" } };
  const field = await lay({ sessions, rate: talk, settings });
  if (!(await field.has_command("upgrade"))) throw new NotThere("this limpet has no upgrade");
  await field.open();
  const moments = field.add(new Program(kProgram));
  moments.name = "handshakes";
  await moments.launch({ port: field.limpet.port, per_s: handshakes });
  await pause(kWarmMs);
  for (let i = 1; i <= upgrades; ++i) {
    const { ended } = field.ledger;
    field.ledger.longest_away_ms = 0;
    const touch = field.judge.touch("*", { ends: kClose });
    const { took_over_ms, gone_ms } = await replace_process(field);
    await until(async () => (await field.count()) === sessions, { what: "all are served" });
    await until(() => field.ledger.ended - ended >= sessions, { what: "all ends are told" }).catch(() => {});
    verdicts.tell(`upgrade ${i}: taken over, old process gone after, ms`, `${took_over_ms.toFixed(0)}, ${gone_ms.toFixed(0)}`);
    verdicts.equal(`upgrade ${i}: sessions that were sent away`, field.ledger.ended - ended, sessions);
    verdicts.at_most(`upgrade ${i}: the longest that one was away`, field.ledger.longest_away_ms, kAwayMs, " ms");
    verdicts.equal(`upgrade ${i}: processes`, field.processes().length, 1);
    await pause(kWarmMs);
    touch.over();
  }
  const seen = await moments.ask("stop");
  const bad = Object.entries(seen.bad).map(([word, count]) => `${word} ${count}`).join(", ");
  verdicts.tell("new sessions meanwhile", seen.begun);
  verdicts.row("of them refused, cut or badly answered", bad || 0, "= 0", seen.good === seen.begun);
  if (bad) console.log(seen.first_bad);
  verdicts.at_most("the slowest 101", seen.slowest_ms, kSlowestMs, " ms");
  const accounts = await field.settle_accounts();
  verdicts.equal("live sessions at the end, whose accounts are level", accounts.sessions - accounts.unequal.length, sessions);
  verdicts.zero("truncated frames", field.judge.counts.truncated ?? 0);
  field.judge.report(verdicts);
});
