// Clients that come in numbers and go at the wrong moment.
import assert from "node:assert/strict";
import { make_frame, upgrade_request } from "../../e2e/support/frames.mjs";
import { until } from "../../e2e/support/until.mjs";
import { BlackHole } from "../support/black_hole.mjs";
import { kStuckPeerBytes, kWaitingHeadBytes } from "../support/bounds.mjs";
import { ask } from "../support/http_by_hand.mjs";
import { Siege } from "../support/siege.mjs";
import { open_session, switching_backend } from "../support/websocket_by_hand.mjs";

const kHalfHead = "GET / HTTP/1.1\r\nHost: limpet.te";
const kAnsweredOverLimit = 1024; // connections beyond limits.sessions that are still heard

async function play_resets(stage, story, { count, ...plan }) {
  const backend = await switching_backend(stage);
  const siege = await Siege.lay(stage, { story: story.name, backends: [backend] });
  await siege.send_crowd({ count, leave: "reset", ...plan }).done();
  await siege.until_counted({ connections: count });
  const ends = await siege.until_ended(count);
  await siege.expect_held({ counted: ends, bytes_each: kWaitingHeadBytes });
  assert.deepEqual(ends, { client_reset: count });
}
const resets = (name, plan) => ({
  name,
  full: { count: 5000, ...plan },
  quick: { count: 200, ...plan },
  play: (stage, size, story) => play_resets(stage, story, size),
});

// Where a client leaves: what it has sent, and whether it waits for an answer's head first.
const kUpload = ask("/awaiting", { method: "POST", fields: "Content-Length: 1000\r\n" });
const kPhases = [
  { what: "before a word", send: "" },
  { what: "in a head", send: kHalfHead },
  { what: "in a request body", send: `${kUpload}half` },
  { what: "while limpet connects", send: ask("/hole") },
  { what: "while the answer is awaited", send: ask("/awaiting") },
  { what: "in an answer", send: ask("/answering"), when: "answered" },
  { what: "while the 101 is awaited", send: upgrade_request({ path: "/awaiting" }) },
  { what: "with an unread 101", send: upgrade_request({ path: "/switching" }), reads: false, leaves: ["close", "reset"] },
  { what: "in a session", send: upgrade_request({ path: "/switching" }), when: "answered" },
  {
    what: "in a frame",
    send: upgrade_request({ path: "/switching" }) + make_frame({ payload: "half a frame", masked: true }).subarray(0, 9).toString("latin1"),
    when: "answered",
  },
];

async function staged_pools(stage) {
  const hole = stage.add(new BlackHole("hole"));
  await hole.start();
  const awaiting = await stage.script_backend((connection) => connection.read_head(), { name: "awaiting" });
  const answering = await stage.script_backend(async (connection) => {
    await connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
  }, { name: "answering" });
  return { hole, awaiting, answering, switching: await switching_backend(stage) };
}

export const stories = [
  resets("connects that are reset at once", {}),
  resets("half requests that are reset", { send: kHalfHead }),
  resets("upgrade requests that are reset", { send: upgrade_request() }),
  resets("sessions that are reset", { send: upgrade_request(), when: "answered" }),
  {
    name: "clients that leave in the middle of each phase",
    full: { count: 300, leaves: ["close", "finish", "reset"] },
    quick: { count: 10, leaves: ["close", "reset"], timeouts_ms: { head: 500, connect: 500, response: 500, body: 500, idle: 500 } },
    async play(stage, { count, leaves, timeouts_ms }, story) {
      const backends = await staged_pools(stage);
      const pools = Object.fromEntries(Object.entries(backends).map(([word, backend]) => [word, { backends: [backend] }]));
      const routes = Object.keys(backends).map((word) => ({ path: `/${word}`, pool: word }));
      const siege = await Siege.lay(stage, { story: story.name, pools: { ...pools, default: pools.awaiting }, routes, timeouts_ms });
      for (const { what, ...plan } of kPhases) {
        for (const leave of plan.leaves ?? leaves) await siege.send_crowd({ count, at_once: count, leave, ...plan }).done();
      }
      const ends = await siege.until_ended(siege.attackers);
      await siege.expect_held({ counted: ends, bytes_each: kWaitingHeadBytes });
    },
  },
  {
    name: "a flood of requests above limits.sessions",
    full: { sessions: 100, count: 1000 },
    quick: { sessions: 10, count: 100 },
    async play(stage, { sessions, count }, story) {
      const backend = await switching_backend(stage, (connection) => connection.socket.pipe(connection.socket));
      // One more is the bystander's.
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], settings: { limits: { sessions: sessions + 1 } } });
      const open = [];
      for (let i = 0; i < sessions; ++i) open.push(await open_session(stage, siege, backend));
      siege.descriptors_before = siege.meter.descriptors();
      const done = await siege.send_crowd({ count, send: ask("/") }).done();
      assert.deepEqual(done.statuses, { 503: count });
      assert.deepEqual(done.reasons, { sessions_full: count });
      assert.equal(done.retry_after, count, "each is told when to come again");
      for (const { client } of open) {
        client.send("still here");
        assert.equal((await client.read("still here".length)).toString(), "still here");
      }
      await siege.expect_held({ counted: { sessions_full: count }, bytes_each: 2 * kWaitingHeadBytes });
    },
  },
  {
    name: "a flood of silent connections far above limits.sessions",
    full: { count: 3000, head_ms: 5000 },
    quick: { count: 1200, head_ms: 2000 },
    async play(stage, { count, head_ms }, story) {
      const backend = await switching_backend(stage);
      const settings = { limits: { sessions: 1 } }; // the bystander's
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { head: head_ms }, settings });
      const crowd = siege.send_crowd({ count });
      await crowd.done();
      const counted = { head_timeout: kAnsweredOverLimit, sessions_full: count - kAnsweredOverLimit };
      await siege.expect_held({ counted, bytes_each: kWaitingHeadBytes });
    },
  },
];
