// One siege: a limpet with one worker, so that attack and bystander share it, short timeouts, and the books that are kept.
import assert from "node:assert/strict";
import { until, until_still } from "../../e2e/support/until.mjs";
import { kSettleMs, kSpareBytes } from "./bounds.mjs";
import { Bystander } from "./bystander.mjs";
import { Crowd } from "./crowd.mjs";
import { Meter } from "./meter.mjs";
import { report_row } from "./report.mjs";

const kStillMs = 50;
const kTimeoutsMs = { head: 2000, connect: 1000, response: 2000, body: 2000, keep_alive: 2000, idle: 5000 };

// The story's timeouts in milliseconds over the usual ones, as settings.
export function in_settings(timeouts_ms = {}) {
  return Object.fromEntries(Object.entries({ ...kTimeoutsMs, ...timeouts_ms }).map(([word, ms]) => [word, `${ms}ms`]));
}

export class Siege {
  // `start(settings)` starts limpet where it is not to be started in the usual way; `tls` is the bystander's.
  static async lay(stage, plan) {
    const { story, backends, pools, routes = [], timeouts_ms, settings = {}, tls, start = (all) => stage.start_limpet(all) } = plan;
    const bystander = await stage.add(new Bystander()).start();
    const limpet = await start({
      workers: 1,
      pools: { ...(pools ?? { default: { backends } }), calm: { backends: [bystander] } },
      routes: [{ path: "/bystander", pool: "calm" }, ...routes],
      timeouts: in_settings(timeouts_ms),
      log: { access: false },
      health: { probe: "none" },
      ...settings,
    });
    const siege = new Siege();
    Object.assign(siege, { stage, story, limpet, bystander, meter: new Meter(limpet), attackers: 0 });
    await bystander.begin(limpet.port, tls);
    await siege.open_books();
    return siege;
  }

  async open_books() {
    const { meter } = this;
    this.totals_before = await meter.totals();
    // Our own questions to the admin endpoint take one for a moment.
    this.descriptors_before = await until_still(() => meter.descriptors(), { still_for: kStillMs });
    meter.forget_peak();
    this.before = { resident: meter.resident_bytes(), processor_s: meter.processor_s(), at: performance.now() };
  }
  // Sends a crowd against limpet; see crowd.mjs for the plan.
  send_crowd(plan) {
    this.attackers += plan.count;
    return this.stage.add(new Crowd({ port: this.limpet.port, ...plan }));
  }
  growth() {
    return this.meter.resident_bytes() - this.before.resident;
  }
  // How much `words` of totals.ends have grown, or of totals where the word is one of them.
  async counted(words) {
    const now = await this.meter.totals();
    const get = (totals, word) => totals.ends[word] ?? totals[word] ?? 0;
    return Object.fromEntries(words.map((word) => [word, get(now, word) - get(this.totals_before, word)]));
  }
  async until_counted(expected, { within = kSettleMs } = {}) {
    let now;
    const is_met = async () => {
      now = await this.counted(Object.keys(expected));
      return Object.entries(expected).every(([word, count]) => now[word] === count);
    };
    await until(is_met, { within, what: "the counts" }).catch(async () => {
      const all = JSON.stringify(await this.meter.totals());
      assert.deepEqual(now, expected, `what was counted; all totals now: ${all}`);
    });
  }
  // All ends since the siege began, by reason, once there are `count` of them.
  async until_ended(count, { within = kSettleMs } = {}) {
    let now;
    const is_met = async () => {
      now = await this.counted(Object.keys((await this.meter.totals()).ends));
      return Object.values(now).reduce((sum, ends) => sum + ends, 0) === count;
    };
    await until(is_met, { within, what: `${count} ends` }).catch(() =>
      assert.fail(`${count} ends are counted, not ${JSON.stringify(now)}`),
    );
    return Object.fromEntries(Object.entries(now).filter(([, ends]) => ends > 0));
  }
  // The end: what was counted (exactly), what it took, nothing kept, nobody harmed. `bytes_each` bounds an attacker's memory.
  async expect_held({ counted, bytes_each, attackers = this.attackers, processor_s = Infinity }) {
    await this.until_counted(counted);
    const { before, meter, limpet } = this;
    const growth = Math.max(0, meter.peak_bytes() - before.resident);
    const used_s = meter.processor_s() - before.processor_s;
    const took_s = (performance.now() - before.at) / 1000;
    await this.expect_all_back();
    const seen = await this.bystander.expect_unharmed();
    report_row({
      story: this.story,
      attackers,
      bytes_each: Math.round(growth / Math.max(1, attackers)),
      growth,
      processor_s: used_s,
      took_s,
      worst_ms: seen.worst_ms,
      counted: Object.entries(counted).map(([word, count]) => `${word} ${count}`).join(", "),
    });
    assert.ok(!limpet.end, "limpet lives");
    const most = attackers * bytes_each + kSpareBytes;
    assert.ok(growth <= most, `limpet grew by ${growth} bytes for ${attackers} attackers, at most ${most} are allowed`);
    assert.ok(used_s <= processor_s, `limpet took ${used_s} s of a processor, at most ${processor_s} are allowed`);
  }
  async expect_all_back() {
    const { meter } = this;
    await until(() => meter.descriptors() <= this.descriptors_before, { within: kSettleMs, what: "descriptors are back" }).catch(() =>
      assert.equal(meter.descriptors(), this.descriptors_before, "descriptors are back"),
    );
  }
}
