// Sessions that flood, and sessions that do not read.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { make_frame, Opcode, upgrade_request } from "../../e2e/support/frames.mjs";
import { until, until_still } from "../../e2e/support/until.mjs";
import { kLateMs, kMiB, kSettleMs, kStuckPeerBytes } from "../support/bounds.mjs";
import { Siege } from "../support/siege.mjs";
import { flood, open_session, switching_backend, tiny_frames } from "../support/websocket_by_hand.mjs";

// A Close is offered and awaited for so long before an idle session is cut.
const kFarewellMs = 2000;
const kPiece = make_frame({ opcode: Opcode.Binary, payload: Buffer.alloc(64 * 1024, "f") });
const kFloodBytes = 200 * kMiB; // for each session; more than all socket buffers hold

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// Floods that nobody reads: each sender is stopped, and each session ends once nothing has moved for timeouts.idle.
async function expect_stopped(siege, floods, { count, idle_ms }) {
  const begun_at = performance.now();
  const all_taken = () => floods.reduce((sum, { taken }) => sum + taken(), 0);
  await until_still(all_taken, { still_for: idle_ms / 3 });
  // Once a session is being closed limpet takes and drops what still comes, so that no reset overtakes the Close.
  for (const { taken } of floods) assert.ok(taken() < kFloodBytes / 2, `a sender was stopped, after ${taken()} bytes`);
  await siege.until_counted({ idle_timeout: count }, { within: idle_ms + kFarewellMs + kSettleMs });
  const took_ms = performance.now() - begun_at;
  const most_ms = 2 * idle_ms + kFarewellMs + kLateMs; // socket buffers still grow for a while: that is progress
  assert.ok(took_ms <= most_ms, `all have ended in time, the last after ${took_ms} ms`);
  await siege.expect_held({ counted: { idle_timeout: count }, bytes_each: kStuckPeerBytes });
}

async function play_tiny(stage, story, { frames, kind }) {
  const backend = await switching_backend(stage);
  const siege = await Siege.lay(stage, { story: story.name, backends: [backend] });
  const session = await open_session(stage, siege, backend);
  siege.attackers = 2; // both ends
  const from_client = tiny_frames(kind, frames, { masked: true });
  const from_backend = tiny_frames(kind, frames, { masked: false });
  session.client.only_hash();
  session.backend.only_hash();
  const before = session.client.received;
  const before_backend = session.backend.received;
  session.client.send(from_client);
  session.backend.send(from_backend);
  const all_there = () =>
    session.client.received - before === from_backend.length && session.backend.received - before_backend === from_client.length;
  await until(all_there, { within: 60_000, what: "every byte, both ways" });
  assert.equal(session.client.digest.digest("hex"), sha256(from_backend));
  assert.equal(session.backend.digest.digest("hex"), sha256(from_client));
  session.client.reset();
  // Two million frames: a microsecond of a processor each.
  await siege.expect_held({ counted: { client_reset: 1 }, bytes_each: kStuckPeerBytes, processor_s: 1 + (2 * frames) / 1_000_000 });
}

const tiny = (kind, name) => ({
  name,
  full: { frames: 1_000_000, kind },
  quick: { frames: 20_000, kind },
  play: (stage, size, story) => play_tiny(stage, story, size),
});

export const stories = [
  {
    name: "WebSocket floods to clients that never read",
    full: { count: 50, idle_ms: 3000 },
    quick: { count: 2, idle_ms: 600 },
    async play(stage, { count, idle_ms }, story) {
      const floods = [];
      const backend = await switching_backend(stage, (connection) => floods.push(flood(connection.socket, kPiece, kFloodBytes)));
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { idle: idle_ms } });
      await siege.send_crowd({ count, send: upgrade_request(), reads: false }).open();
      await until(() => floods.length === count, { what: "all sessions are open" });
      await expect_stopped(siege, floods, { count, idle_ms });
    },
  },
  {
    name: "WebSocket floods to a backend that never reads",
    full: { count: 20, idle_ms: 3000 },
    quick: { count: 2, idle_ms: 600 },
    async play(stage, { count, idle_ms }, story) {
      const backend = await switching_backend(stage, (connection) => connection.socket.pause());
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { idle: idle_ms } });
      siege.attackers = count;
      const sessions = await Promise.all(Array.from({ length: count }, () => open_session(stage, siege, backend)));
      const floods = sessions.map(({ client }) => flood(client.socket, kPiece, kFloodBytes));
      await expect_stopped(siege, floods, { count, idle_ms });
    },
  },
  tiny("messages", "messages of one byte, both ways"),
  tiny("fragments", "a message in fragments of one byte, both ways"),
  tiny("pings", "pings without a pause, both ways"),
];
