// Backends that hold their clients up.
import assert from "node:assert/strict";
import { kLateMs, kStuckPeerBytes } from "../support/bounds.mjs";
import { BlackHole } from "../support/black_hole.mjs";
import { ask } from "../support/http_by_hand.mjs";
import { Siege } from "../support/siege.mjs";

const kWaitingRequestBytes = 16 * 1024;

// Everybody is answered `status` for `reason` within `within_ms`.
async function all_are_answered(siege, { count, status, reason, within_ms, leave }) {
  const done = await siege.send_crowd({ count, send: ask("/"), leave }).done();
  assert.deepEqual(done.statuses, { [status]: count });
  assert.deepEqual(done.reasons, { [reason]: count });
  assert.ok(done.longest_ms <= within_ms + kLateMs, `all are answered in time, one after ${done.longest_ms} ms`);
  await siege.expect_held({ counted: { [reason]: count }, bytes_each: kWaitingRequestBytes });
}

async function scripted(stage, story, script, timeouts_ms) {
  const backend = await stage.script_backend(script);
  return Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms });
}

export const stories = [
  {
    name: "backends that never answer a connect",
    full: { count: 200, connect_ms: 1000, retries: 2 },
    quick: { count: 20, connect_ms: 300, retries: 1 },
    async play(stage, { count, connect_ms, retries }, story) {
      const holes = Array.from({ length: retries + 1 }, (_, i) => stage.add(new BlackHole(`hole${i}`)));
      await Promise.all(holes.map((hole) => hole.start()));
      const settings = { retries };
      const siege = await Siege.lay(stage, { story: story.name, backends: holes, timeouts_ms: { connect: connect_ms }, settings });
      const within_ms = (retries + 1) * connect_ms;
      await all_are_answered(siege, { count, status: 504, reason: "connect_timeout", within_ms });
    },
  },
  {
    name: "half-closed clients while a backend does not answer a connect",
    full: { count: 60, connect_ms: 1000 },
    quick: { count: 10, connect_ms: 300 },
    async play(stage, { count, connect_ms }, story) {
      const hole = stage.add(new BlackHole("hole"));
      await hole.start();
      const well = await stage.serve_http((_, answer) => answer.end("well"));
      const siege = await Siege.lay(stage, { story: story.name, backends: [hole, well], timeouts_ms: { connect: connect_ms } });
      const done = await siege.send_crowd({ count, send: ask("/"), leave: "finish" }).done();
      assert.deepEqual(done.statuses, { 200: count }, "the next backend serves whom the first does not");
      assert.ok(done.longest_ms <= connect_ms + kLateMs, `all are served in time, one after ${done.longest_ms} ms`);
      await siege.expect_held({ counted: { completed: count }, bytes_each: kWaitingRequestBytes });
    },
  },
  {
    name: "half-closed clients of a backend that never answers",
    full: { count: 100, response_ms: 2000 },
    quick: { count: 10, response_ms: 500 },
    async play(stage, { count, response_ms }, story) {
      const siege = await scripted(stage, story, (connection) => connection.read_head(), { response: response_ms });
      await all_are_answered(siege, { count, status: 504, reason: "response_timeout", within_ms: response_ms, leave: "finish" });
    },
  },
  {
    name: "a backend that accepts and never answers",
    full: { count: 300, response_ms: 2000 },
    quick: { count: 20, response_ms: 500 },
    async play(stage, { count, response_ms }, story) {
      const siege = await scripted(stage, story, (connection) => connection.read_head(), { response: response_ms });
      await all_are_answered(siege, { count, status: 504, reason: "response_timeout", within_ms: response_ms });
    },
  },
  {
    name: "a backend that answers half a head",
    full: { count: 300, response_ms: 2000 },
    quick: { count: 20, response_ms: 500 },
    async play(stage, { count, response_ms }, story) {
      const siege = await scripted(stage, story, async (connection) => {
        await connection.read_head();
        connection.send("HTTP/1.1 200 OK\r\nContent-Le");
      }, { response: response_ms });
      await all_are_answered(siege, { count, status: 504, reason: "response_timeout", within_ms: response_ms });
    },
  },
  {
    name: "a backend that gives its head a byte at a time",
    full: { count: 100, response_ms: 2000, every_ms: 200 },
    quick: { count: 10, response_ms: 500, every_ms: 50 },
    async play(stage, { count, response_ms, every_ms }, story) {
      const siege = await scripted(stage, story, async (connection) => {
        await connection.read_head();
        drip_from(connection, `HTTP/1.1 200 OK\r\nX: ${"x".repeat(10_000)}`, every_ms);
      }, { response: response_ms });
      await all_are_answered(siege, { count, status: 504, reason: "response_timeout", within_ms: response_ms });
    },
  },
  {
    name: "a backend whose answer goes on for ever, a byte a second",
    full: { count: 100, body_ms: 2000, every_ms: 1000, pieces: 6 },
    quick: { count: 10, body_ms: 500, every_ms: 200, pieces: 5 },
    async play(stage, { count, body_ms, every_ms, pieces }, story) {
      // It is what server-sent events look like: it may go on while it makes progress, and costs next to nothing.
      const siege = await scripted(stage, story, async (connection) => {
        await connection.read_head();
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        drip_from(connection, ".".repeat(1000), every_ms);
      }, { body: body_ms });
      const readers = await Promise.all(Array.from({ length: count }, () => stage.connect(siege.limpet.port)));
      siege.attackers = count;
      await Promise.all(readers.map(async (reader) => {
        reader.send(ask("/"));
        assert.equal((await reader.read_head()).status, 200);
        await reader.read_through(".".repeat(pieces)); // longer than timeouts.body in all
      }));
      readers.forEach((reader) => reader.reset());
      await siege.expect_held({ counted: { client_reset: count }, bytes_each: kStuckPeerBytes });
    },
  },
];

// A byte each `every_ms` until the connection is over.
function drip_from(connection, text, every_ms) {
  let at = 0;
  const dripping = setInterval(() => {
    if (connection.over || connection.socket.destroyed || at === text.length) clearInterval(dripping);
    else connection.send(text[at++]);
  }, every_ms);
}
