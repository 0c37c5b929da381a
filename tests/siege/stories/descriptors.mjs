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

// A limpet whose clients have every descriptor that they may have, and the crowd that holds them.
async function exhausted(stage, story, { count, descriptors }) {
  const backend = await stage.start_server("websocket", "prey");
  const siege = await Siege.lay(stage, {
    story: story.name,
    backends: [backend],
    timeouts_ms: { head: 60_000 }, // nobody is sent away: the flood leaves by itself
    settings: { health: { probe: "tcp", interval: "100ms", timeout: "500ms" } },
    start: (settings) => start_with_descriptors(stage, descriptors, settings),
  });
  siege.descriptors_before += 2; // a probe may be on its way
  const crowd = siege.send_crowd({ count });
  await crowd.open(); // in the queue of the listening socket, most of them
  await siege.limpet.saw(() => siege.limpet.events("accepting_rests").length > 0, "clients have what clients may have");
  return { siege, crowd, backend };
}

async function expect_recovery(siege, crowd) {
  await crowd.vanish();
  const left_at = performance.now();
  const is_served = async () => (await get(`${siege.limpet.url}/`)).status === 200;
  await until(is_served, { within: kRecoveryMs + kLateMs, what: "a new client is served" });
  return performance.now() - left_at;
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
    name: "out of descriptors: sessions go on, and it recovers",
    full: { count: 500, descriptors: 128, measured_ms: 3000 },
    quick: { count: 200, descriptors: 96, measured_ms: 500 },
    async play(stage, { measured_ms, ...size }, story) {
      const { siege, crowd } = await exhausted(stage, story, size);
      await expect_idle(siege, measured_ms);
      await expect_recovery(siege, crowd);
      const wrong = siege.limpet.events("health").filter(({ to }) => to === "down");
      assert.deepEqual(wrong, [], "no backend is blamed for what limpet has not got");
      await siege.expect_held({ counted: { completed: 1 }, bytes_each: kWaitingHeadBytes });
    },
  },
  {
    name: "out of descriptors: the operator and the probes are served",
    full: { count: 500, descriptors: 128 },
    quick: { count: 200, descriptors: 96 },
    async play(stage, size, story) {
      const { siege, crowd, backend } = await exhausted(stage, story, size);
      const ready = await get(`${siege.limpet.admin.url}/readyz`);
      assert.deepEqual([ready.status, ready.body.toString().trim()], [503, "out_of_descriptors"]);
      await in_time(siege.meter.totals(), { within: kAdminMs, what: "the status while descriptors are out" });
      await backend.kill();
      await siege.limpet.admin.until_health("prey", "down");
      await backend.restart();
      await siege.limpet.admin.until_health("prey", "up");
      await expect_recovery(siege, crowd);
      await siege.expect_held({ counted: { completed: 1 }, bytes_each: kWaitingHeadBytes });
    },
  },
];
