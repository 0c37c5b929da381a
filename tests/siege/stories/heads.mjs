// Heads that never come, come too slowly, or are too large.
import assert from "node:assert/strict";
import { get } from "../../e2e/support/http_client.mjs";
import { kLateMs, kLingerMs, kMiB, kWaitingHeadBytes } from "../support/bounds.mjs";
import { Siege } from "../support/siege.mjs";

const kEarlyMs = 150; // deadlines lie in a coarse wheel
const kLongHead = `GET /${"slow".repeat(500)} HTTP/1.1\r\nHost: limpet.test\r\n\r\n`;
const kHalfHead = `GET / HTTP/1.1\r\nHost: limpet.test\r\nUser-Agent: ${"half".repeat(40)}\r\nCookie: a=`;

// All were told 408 in time.
function expect_408(done, { count, head_ms }) {
  assert.deepEqual(done.statuses, { 408: count });
  assert.deepEqual(done.reasons, { head_timeout: count });
  assert.ok(done.shortest_ms >= head_ms - kEarlyMs, `none ends early, one after ${done.shortest_ms} ms`);
  assert.ok(done.longest_ms <= head_ms + kLateMs, `all end in time, one after ${done.longest_ms} ms`);
}

async function one_drips(stage, story, { count, head_ms, every_ms, after_ms }) {
  const siege = await Siege.lay(stage, { story: story.name, backends: [{ address: "127.0.0.1:9" }], timeouts_ms: { head: head_ms } });
  const crowd = siege.send_crowd({ count, drip: { text: kLongHead, every_ms, after_ms } });
  expect_408(await crowd.done(), { count, head_ms });
  await siege.expect_held({ counted: { head_timeout: count, connections: count }, bytes_each: 2 * kWaitingHeadBytes });
}

// The crowd waits, whole, while a new client is served; then all are sent away.
async function all_wait(stage, story, { count, head_ms, send }) {
  const backend = await stage.serve_http((_, answer) => answer.end("well"));
  const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { head: head_ms } });
  const crowd = siege.send_crowd({ count, send });
  await crowd.open({ within: head_ms });
  const asked_at = performance.now();
  assert.equal((await get(siege.limpet.url)).status, 200);
  const took_ms = performance.now() - asked_at;
  assert.ok(took_ms < kLateMs, `a new client is served at once, not after ${took_ms} ms`);
  expect_408(await crowd.done(), { count, head_ms });
  await siege.expect_held({ counted: { head_timeout: count, completed: 1 }, bytes_each: kWaitingHeadBytes + (send?.length ?? 0) });
}

const kBombs = [
  { what: "16 KiB and one byte", bomb: `GET / HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(16 * 1024 - 28 - 4 + 1)}\r\n\r\n` },
  { what: "64 KiB", bomb: `GET / HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(64 * 1024)}\r\n\r\n` },
  { what: "10 MB without an end", bomb: `GET / HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(10_000_000)}` },
  { what: "101 headers", bomb: `GET / HTTP/1.1\r\nHost: a\r\n${"A: a\r\n".repeat(100)}\r\n` },
  { what: "a name of 1 MB", bomb: `GET / HTTP/1.1\r\nHost: a\r\n${"a".repeat(kMiB)}: a\r\n\r\n` },
  { what: "a target of 1 MB", bomb: `GET /${"a".repeat(kMiB)} HTTP/1.1\r\nHost: a\r\n\r\n` },
  { what: "empty lines without end", bomb: "\r\n".repeat(100_000) },
];

export const stories = [
  {
    name: "heads that come a byte at a time",
    full: { count: 1000, head_ms: 2000, every_ms: 200 },
    quick: { count: 30, head_ms: 500, every_ms: 50 },
    play: (stage, size, story) => one_drips(stage, story, size),
  },
  {
    name: "clients that go on talking after their 408",
    full: { count: 500, head_ms: 2000, every_ms: 100 },
    quick: { count: 20, head_ms: 500, every_ms: 50 },
    async play(stage, { count, head_ms, every_ms }, story) {
      const backends = [{ address: "127.0.0.1:9" }];
      const siege = await Siege.lay(stage, { story: story.name, backends, timeouts_ms: { head: head_ms } });
      const done = await siege.send_crowd({ count, stubborn: true, drip: { text: kLongHead, every_ms } }).done();
      assert.deepEqual(done.statuses, { 408: count });
      assert.ok(done.longest_ms <= head_ms + kLingerMs + kLateMs, `all are closed in time, one after ${done.longest_ms} ms`);
      await siege.expect_held({ counted: { head_timeout: count }, bytes_each: 2 * kWaitingHeadBytes });
    },
  },
  {
    name: "heads that begin just before their time is over",
    full: { count: 200, head_ms: 2000, every_ms: 200, after_ms: 1600 },
    quick: { count: 30, head_ms: 1500, every_ms: 50, after_ms: 1200 },
    play: (stage, size, story) => one_drips(stage, story, size),
  },
  {
    name: "connections that say nothing",
    full: { count: 10_000, head_ms: 15_000 },
    quick: { count: 300, head_ms: 1500 },
    play: (stage, size, story) => all_wait(stage, story, size),
  },
  {
    name: "connections that sent half a head",
    full: { count: 10_000, head_ms: 15_000, send: kHalfHead },
    quick: { count: 300, head_ms: 1500, send: kHalfHead },
    play: (stage, size, story) => all_wait(stage, story, size),
  },
  {
    name: "heads that are too large",
    full: { rounds: 20 },
    quick: { rounds: 1 },
    async play(stage, { rounds }, story) {
      const siege = await Siege.lay(stage, { story: story.name, backends: [{ address: "127.0.0.1:9" }] });
      let malformed = 0;
      for (let round = 0; round < rounds; ++round) {
        for (const { what, bomb } of kBombs) {
          const client = await stage.connect(siege.limpet.port);
          siege.attackers += 1;
          client.send(bomb);
          const { status } = await client.read_head();
          assert.ok(status === 431 || status === 400, `${what} is answered ${status}`);
          malformed += status === 400 ? 1 : 0;
          const how = await client.ending();
          assert.ok(["end", "reset"].includes(how), `${what}: the connection is closed`);
          client.close();
        }
      }
      await siege.expect_held({ counted: { head_too_large: siege.attackers - malformed, malformed_request: malformed }, bytes_each: 0 });
    },
  },
];
