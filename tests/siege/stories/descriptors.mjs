// Out of file descriptors: what runs goes on, and the operator can still see it.
import assert from "node:assert/strict";
import { get } from "../../e2e/support/http_client.mjs";
import { in_time, until } from "../../e2e/support/until.mjs";
import { kLateMs, kWaitingHeadBytes } from "../support/bounds.mjs";
import { start_with_descriptors } from "../support/few_descriptors.mjs";
import { Siege } from "../support/siege.mjs";

const kAdminMs = 1000;
const kRecoveryMs = 1000;
const kBusyShare = 0.3; // of a processor, while there is nothing to be done

// Fails unless limpet's operator and its probes can work while every descriptor that clients may have is taken.
async function expect_under_control(siege, backend) {
  const asked_at = performance.now();
  await in_time(siege.meter.totals(), { within: kAdminMs, what: "the status while descriptors are out" });
  assert.ok(performance.now() - asked_at < kAdminMs);
  await backend.kill();
  await siege.limpet.admin.until_health("prey", "down");
  await backend.restart();
  await siege.limpet.admin.until_health("prey", "up");
}

async function expect_idle(siege, for_ms) {
  const { meter } = siege;
  const before_s = meter.processor_s();
  const begun_at = performance.now();
  await new Promise((resolve) => setTimeout(resolve, for_ms)); // the span that is measured
  const share = (meter.processor_s() - before_s) / ((performance.now() - begun_at) / 1000);
  assert.ok(share < kBusyShare, `it used ${(share * 100).toFixed(0)} % of a processor`);
}

export const stories = [
  {
    name: "500 connects at 128 descriptors",
    awaits: "descriptors that are kept back for the admin endpoint and the probes",
    full: { count: 500, descriptors: 128, measured_ms: 3000 },
    quick: { count: 200, descriptors: 96, measured_ms: 1000 },
    async play(stage, { count, descriptors, measured_ms }, story) {
      const backend = await stage.start_server("websocket", "prey");
      const siege = await Siege.lay(stage, {
        story: story.name,
        backends: [backend],
        timeouts_ms: { head: 60_000 }, // nobody is sent away: the flood leaves by itself
        settings: { health: { probe: "tcp", interval: "100ms", timeout: "500ms" } },
        start: (settings) => start_with_descriptors(stage, descriptors, settings),
      });
      const crowd = siege.send_crowd({ count });
      await crowd.open();
      await until(() => siege.meter.descriptors() >= descriptors - 32, { what: "clients have what clients may have" });
      await expect_idle(siege, measured_ms);
      await expect_under_control(siege, backend);

      await crowd.vanish();
      const left_at = performance.now();
      await until(async () => (await get(`${siege.limpet.url}/`)).status === 200, { within: kRecoveryMs + kLateMs, what: "a new client is served" });
      assert.ok(performance.now() - left_at < kRecoveryMs + kLateMs);
      await siege.expect_held({ counted: { completed: 1 }, bytes_each: kWaitingHeadBytes });
    },
  },
];
