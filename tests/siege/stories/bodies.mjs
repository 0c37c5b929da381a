// Bodies that never end, answers that nobody reads, and bodies in the smallest pieces.
import assert from "node:assert/strict";
import { kLateMs, kMiB, kSettleMs, kStuckPeerBytes } from "../support/bounds.mjs";
import { Siege } from "../support/siege.mjs";
import { ask, ChunkCounter, counting_sink } from "../support/http_by_hand.mjs";

// A body that makes some progress must end too; how often timeouts.body it may take at the most.
const kSlowBodyTimeouts = 2;
const kUpload = ask("/upload", { method: "POST", fields: "Content-Length: 1000000\r\n" });

export const stories = [
  {
    name: "bodies that come a byte at a time",
    full: { count: 200, body_ms: 2000, every_ms: 500 },
    quick: { count: 20, body_ms: 500, every_ms: 100 },
    async play(stage, { count, body_ms, every_ms }, story) {
      const backend = await counting_sink(stage);
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { body: body_ms } });
      const crowd = siege.send_crowd({ count, send: kUpload, drip: { text: "x".repeat(1000), every_ms } });
      const done = await crowd.done({ within: kSlowBodyTimeouts * body_ms + kSettleMs });
      assert.deepEqual(done.statuses, { 408: count });
      assert.ok(done.longest_ms <= kSlowBodyTimeouts * body_ms + kLateMs, `all end in time, one after ${done.longest_ms} ms`);
      await siege.expect_held({ counted: { body_timeout: count }, bytes_each: kStuckPeerBytes });
    },
  },
  {
    name: "bodies that stop",
    full: { count: 500, body_ms: 2000 },
    quick: { count: 30, body_ms: 500 },
    async play(stage, { count, body_ms }, story) {
      const backend = await counting_sink(stage);
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { body: body_ms } });
      const done = await siege.send_crowd({ count, send: `${kUpload}some` }).done();
      assert.deepEqual(done.statuses, { 408: count });
      assert.deepEqual(done.reasons, { body_timeout: count });
      assert.ok(done.longest_ms <= body_ms + kLateMs, `all end in time, one after ${done.longest_ms} ms`);
      await siege.expect_held({ counted: { body_timeout: count }, bytes_each: kStuckPeerBytes });
    },
  },
  {
    name: "downloads that nobody reads",
    full: { count: 100, body_ms: 2000, size_bytes: 8 * kMiB },
    quick: { count: 10, body_ms: 500, size_bytes: 8 * kMiB },
    async play(stage, { count, body_ms, size_bytes }, story) {
      const body = Buffer.alloc(size_bytes, "d");
      const backend = await stage.serve_http((_, answer) => answer.end(body));
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { body: body_ms } });
      const crowd = siege.send_crowd({ count, send: ask("/"), reads: false });
      await crowd.open();
      const opened_at = performance.now();
      // Cut, for there is nothing left to be said: one reason each.
      await siege.until_counted({ body_timeout: count }, { within: body_ms + kSettleMs });
      const took_ms = performance.now() - opened_at;
      // Socket buffers grow for a while, which is progress.
      assert.ok(took_ms <= 2 * body_ms + kLateMs, `all are cut in time, the last after ${took_ms} ms`);
      await siege.expect_held({ counted: { body_timeout: count }, bytes_each: kStuckPeerBytes });
    },
  },
  {
    name: "a request in chunks of one byte",
    full: { chunks: 1_000_000 },
    quick: { chunks: 20_000 },
    async play(stage, { chunks }, story) {
      const counter = new ChunkCounter();
      const backend = await stage.script_backend(async (connection) => {
        await connection.read_head();
        counter.follow(connection);
        await counter.ended;
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell");
      });
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { body: 20_000, response: 20_000 } });
      siege.attackers = 1;
      const client = await stage.connect(siege.limpet.port);
      client.send(ask("/", { method: "POST", fields: "Transfer-Encoding: chunked\r\n" }));
      await client.send_all("1\r\nx\r\n".repeat(chunks));
      client.send("0\r\n\r\n");
      assert.equal((await client.read_message()).status, 200);
      assert.equal(counter.data_bytes, chunks, "every byte of data has arrived");
      client.close();
      // Some 6 MB of framing: a second of a processor is a microsecond a chunk.
      await siege.expect_held({ counted: { completed: 1 }, bytes_each: kStuckPeerBytes, processor_s: 2 + chunks / 500_000 });
    },
  },
  {
    name: "an answer in chunks of one byte",
    full: { chunks: 1_000_000 },
    quick: { chunks: 20_000 },
    async play(stage, { chunks }, story) {
      const backend = await stage.script_backend(async (connection) => {
        await connection.read_head();
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n".repeat(chunks), "0\r\n\r\n");
      });
      const siege = await Siege.lay(stage, { story: story.name, backends: [backend], timeouts_ms: { body: 20_000 } });
      siege.attackers = 1;
      const client = await stage.connect(siege.limpet.port);
      const counter = new ChunkCounter();
      client.send(ask("/"));
      assert.equal((await client.read_head()).status, 200);
      counter.follow(client);
      await counter.ended;
      assert.equal(counter.data_bytes, chunks, "every byte of data has arrived");
      client.close();
      await siege.expect_held({ counted: { completed: 1 }, bytes_each: kStuckPeerBytes, processor_s: 2 + chunks / 500_000 });
    },
  },
];
