// Requests without a pause.
import assert from "node:assert/strict";
import { kKiB, kLateMs, kSettleMs, kStuckPeerBytes } from "../support/bounds.mjs";
import { ask } from "../support/http_by_hand.mjs";
import { Siege } from "../support/siege.mjs";

export const stories = [
  {
    name: "many requests in one send",
    full: { requests: 10_000 },
    quick: { requests: 500 },
    async play(stage, { requests }, story) {
      const backend = await stage.serve_http((asked, answer) => answer.end(asked.url));
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend] });
      siege.attackers = 1;
      const client = await stage.connect(siege.limpet.port);
      client.send(Array.from({ length: requests }, (_, i) => ask(`/${i}`)).join(""));
      for (let i = 0; i < requests; ++i) assert.equal((await client.read_message()).body.toString(), `/${i}`);
      client.finish();
      await siege.expect_held({
        counted: { requests, completed: requests, client_closed: 1 },
        bytes_each: kStuckPeerBytes,
        processor_s: 1 + requests / 2000,
      });
    },
  },
  {
    name: "clients that send requests and never read",
    full: { count: 100, body_ms: 2000, answer_bytes: 64 * kKiB },
    quick: { count: 5, body_ms: 500, answer_bytes: 64 * kKiB },
    async play(stage, { count, body_ms, answer_bytes }, story) {
      const body = Buffer.alloc(answer_bytes, "p");
      const backend = await stage.serve_http((_, answer) => answer.end(body));
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { body: body_ms } });
      await siege.send_crowd({ count, send: ask("/"), times: 2000, reads: false }).open();
      const opened_at = performance.now();
      await siege.until_counted({ body_timeout: count }, { within: body_ms + kSettleMs });
      const took_ms = performance.now() - opened_at;
      assert.ok(took_ms <= 2 * body_ms + kLateMs, `all are cut in time, the last after ${took_ms} ms`);
      await siege.expect_held({ counted: { body_timeout: count }, bytes_each: kStuckPeerBytes });
    },
  },
];
