// The instruments of the soak (tests/soak) measured themselves: what they must see, and that they see nothing else.
import assert from "node:assert/strict";
import test from "node:test";
import { FrameFollower } from "./support/frame_follower.mjs";
import { close_payload, make_frame, Opcode } from "./support/frames.mjs";
import { scenario } from "./support/scenario.mjs";
import { Ledger, TrafficBackend, TrafficClients } from "./support/traffic.mjs";
import { Checker, message_of } from "./support/traffic_script.mjs";
import { until } from "./support/until.mjs";

const kSeed = 7;

// A checker that was given these messages of its stream, in this order; a number with a minus is that message with a byte changed.
function given(...numbers) {
  const checker = new Checker(kSeed);
  for (const number of numbers) {
    const { data, binary } = message_of(kSeed, Math.abs(number));
    const bytes = Buffer.from(data);
    if (number < 0) bytes[bytes.length >> 1] ^= 1;
    checker.take(bytes, binary);
  }
  const { received, lost, repeated, reordered, corrupt } = checker.books();
  return { received, lost, repeated, reordered, corrupt };
}

const kClean = { lost: 0, repeated: 0, reordered: 0, corrupt: 0 };
const kBooks = [
  { what: "what was said", numbers: [0, 1, 2, 3, 4], books: { received: 5 } },
  { what: "a message that is missing", numbers: [0, 1, 3, 4], books: { received: 4, lost: 1 } },
  { what: "a message that comes twice", numbers: [0, 1, 1, 2], books: { received: 4, repeated: 1 } },
  { what: "two messages that change places", numbers: [0, 2, 1, 3], books: { received: 4, reordered: 1 } },
  { what: "a byte that changes", numbers: [0, 1, -2, 3], books: { received: 4, corrupt: 1 } },
];
for (const { what, numbers, books } of kBooks) {
  test(`the checker tells ${what}`, () => assert.deepEqual(given(...numbers), { ...kClean, ...books }));
}

test("messages have one byte to 4 MiB, text and binary, whole and in fragments", () => {
  const kinds = new Set();
  let [least, most] = [Infinity, 0];
  for (let number = 0; number < 30_000; ++number) {
    const { data, binary, pieces } = message_of(kSeed, number);
    assert.equal(pieces.reduce((sum, piece) => sum + piece), data.length);
    [least, most] = [Math.min(least, data.length), Math.max(most, data.length)];
    kinds.add(`${binary} ${pieces.length > 1}`);
  }
  assert.deepEqual([least, most, kinds.size], [1, 4 * 1024 * 1024, 4]);
});

function followed(bytes, { masked = false, step = bytes.length } = {}) {
  const follower = new FrameFollower({ masked });
  for (let at = 0; at < bytes.length; at += step) follower.observe(bytes.subarray(at, at + step));
  return follower;
}
const kClose = { opcode: Opcode.Close, payload: close_payload(1012, "service restart") };
const kSpoken = [
  make_frame({ payload: "whole" }),
  make_frame({ payload: "o".repeat(300), fin: false }),
  make_frame({ opcode: Opcode.Ping, payload: "between" }),
  make_frame({ opcode: Opcode.Continuation, payload: "n".repeat(70_000), fin: false }),
];

test("the follower finds the Close between fragments, whatever the pieces", () => {
  const bytes = Buffer.concat([...kSpoken, make_frame(kClose)]);
  for (const step of [1, 7, 4096, bytes.length]) {
    const { close, bytes_after_close, wrong } = followed(bytes, { step });
    assert.deepEqual({ close, bytes_after_close, wrong }, { close: { code: 1012, reason: "service restart" }, bytes_after_close: 0, wrong: undefined });
  }
});
test("the follower reads a masked Close, and blames one that is not masked where it must be", () => {
  const { close, wrong } = followed(make_frame({ ...kClose, masked: true }), { masked: true });
  assert.deepEqual([close.code, wrong], [1012, undefined]);
  assert.match(followed(make_frame(kClose), { masked: true }).wrong, /not masked/);
});
test("the follower counts what comes behind a Close", () => {
  assert.equal(followed(Buffer.concat([make_frame(kClose), Buffer.from("more")])).bytes_after_close, 4);
});
test("the follower knows a frame that is half there, and one that begins where none may", () => {
  const frame = make_frame({ payload: "x".repeat(200) });
  for (const cut of [1, 2, 3, 100, frame.length - 1]) assert.equal(followed(frame.subarray(0, cut)).between_frames(), false);
  assert.equal(followed(frame).between_frames(), true);
  assert.match(followed(Buffer.concat([kSpoken[1], kSpoken[0]])).wrong, /within a message/);
});

// A proxy of the test's own would prove little; limpet with a backend that is killed in the middle of what it says is the real thing.
scenario("traffic through limpet is exact, and a backend's end is seen by every one of its clients", async (stage) => {
  const ledger = new Ledger();
  const on_news = ledger.note_backend;
  const backends = await Promise.all(["b1", "b2"].map((name) => stage.add(new TrafficBackend(name, { rate: 20, on_news })).start()));
  const limpet = await stage.start_limpet({ backends });
  const clients = await stage.add(new TrafficClients("clients", { on_news: ledger.note_client })).start({
    port: limpet.port, first: 0, count: 20, rate: 20, seed: kSeed, slow_pipe_share: 0.5, deflate_share: 0.5,
  });
  await clients.ask("open");
  const enough = async () => (await clients.ask("live")).filter(({ received, sent }) => received > 1 && sent > 1).length === 20;
  await until(enough, { what: "all have spoken" });
  const its = (await clients.ask("live")).filter(({ backend }) => backend === "b1").length;
  await backends[0].kill();
  const ends = () => ledger.ended_rows().filter(({ client }) => client?.backend === "b1");
  await until(() => ends().length === its, { what: "its clients know" });
  await until(async () => (await clients.ask("count")) === 20, { what: "all are back" });
  await clients.ask("leave");
  await until(() => ledger.ended_rows().filter(({ client, backend }) => client?.ending.left && backend).length === 20);
  for (const { client, backend } of ledger.ended_rows().filter(({ client }) => client?.ending.left)) {
    assert.equal(client.backend, "b2");
    assert.deepEqual([client.received, backend.received], [backend.sent, client.sent], "nothing was lost, either way");
    for (const end of [client, backend]) {
      const { lost, repeated, reordered, corrupt } = end;
      assert.deepEqual({ lost, repeated, reordered, corrupt }, kClean);
      const { word, code, wrong, after_close } = end.ending;
      assert.deepEqual({ word, code, wrong, after_close }, { word: "close", code: 1000, wrong: undefined, after_close: 0 });
    }
  }
});
