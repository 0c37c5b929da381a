// One end of a session with traffic, client's or backend's: says the messages of one stream, checks those of the other, and keeps
// the books: what was sent and received, how it ended.
import { Checker, dice, message_of, mix } from "./traffic_script.mjs";
import { FrameFollower } from "./frame_follower.mjs";
import { dribble } from "./slow_pipe.mjs";

const kMostBuffered = 1024 * 1024; // bytes that wait to be sent: who has more says nothing new
const kPingShare = 0.02; // of turns

// The seeds of both directions; `stream` is {seed, number, incarnation}.
export function seeds_of({ seed, number, incarnation }) {
  const of = (direction) => mix(seed, number, incarnation, direction);
  return { client: of(1), backend: of(2), dice: of(3) };
}

export class TrafficEnd {
  // `socket` is an open WebSocket of `ws`; `side` is "client" or "backend"; `pipe` "slow" makes it dribble what it sends.
  constructor(socket, { side, stream, pipe, on_end }) {
    const other = side === "client" ? "backend" : "client";
    const seeds = seeds_of(stream);
    Object.assign(this, { socket, side, stream, on_end, sent: 0, sent_bytes: 0, pongs: 0, worst_pong_ms: 0, speaks: true });
    this.seed = seeds[side];
    this.throw_dice = dice(seeds.dice, side === "client" ? 1 : 2);
    this.checker = new Checker(seeds[other]);
    this.follower = new FrameFollower({ masked: side === "backend" });
    this.follow(socket._socket);
    if (pipe === "slow") this.pipe = dribble(socket._socket, this.throw_dice);
    socket.on("message", (data, is_binary) => this.checker.take(data, is_binary));
    socket.on("pong", (data) => this.on_pong(data));
    socket.on("error", (error) => (this.error ??= error.message));
    socket.on("close", () => this.finish());
  }

  // `ws` reads from the same events; nothing is taken away from it. Before it, because it unmasks where the bytes lie.
  follow(wire) {
    wire.prependListener("data", (bytes) => this.follower.observe(bytes));
    wire.on("end", () => (this.how ??= "end"));
    wire.on("error", ({ code }) => (this.how ??= code === "ECONNRESET" || code === "EPIPE" ? "reset" : code));
  }

  // The next piece of what there is to say; a message in fragments stays open from turn to turn.
  turn() {
    if (!this.may_speak()) return;
    if (!this.open && this.throw_dice() < kPingShare) this.socket.ping(String(performance.now()));
    if (!this.open) this.begin_message();
    const { message, at, piece } = this.open;
    const end = at + message.pieces[piece];
    const fin = piece + 1 === message.pieces.length;
    this.socket.send(message.data.subarray(at, end), { binary: message.binary, fin });
    this.sent_bytes += end - at;
    this.open = fin ? undefined : { message, at: end, piece: piece + 1 };
    if (fin) this.sent += 1;
  }
  may_speak() {
    if (this.socket.readyState !== this.socket.constructor.OPEN) return false;
    if (!this.speaks && !this.open) return false;
    return this.socket.bufferedAmount < kMostBuffered && !(this.pipe?.waiting_bytes > 0);
  }
  begin_message() {
    this.open = { message: message_of(this.seed, this.sent), at: 0, piece: 0 };
  }
  on_pong(data) {
    this.pongs += 1;
    this.worst_pong_ms = Math.max(this.worst_pong_ms, performance.now() - Number(data.toString()));
  }

  // Nothing is half said: what was sent is a number of whole messages.
  is_quiet() {
    return !this.open && this.socket.bufferedAmount === 0 && !(this.pipe?.waiting_bytes > 0);
  }
  // It is this end that goes: "close", in good order, or "cut", without a word.
  leave(how) {
    this.left = how;
    this.open = undefined;
    if (how === "cut") this.socket.terminate();
    else this.socket.close(1000, "done");
  }
  books() {
    const { number, incarnation } = this.stream;
    const { sent, sent_bytes, pongs, worst_pong_ms } = this;
    return { number, incarnation, sent, sent_bytes, pongs, worst_pong_ms, ...this.checker.books() };
  }
  // "close" | "truncated" (ended within a frame) | "eof" (between frames, without a Close) | "reset" | another error
  ending() {
    const { follower, left, how, error } = this;
    const { close, close_at, bytes_after_close: after_close, wrong } = follower;
    let word = "close";
    if (!close && how === "reset") word = "reset";
    else if (!close) word = follower.between_frames() ? "eof" : "truncated";
    return { word, ...close, close_at, left, how, after_close, wrong, error };
  }
  finish() {
    if (this.over) return;
    this.over = true;
    this.on_end?.(this);
  }
}

const kTickMs = 20;
const kMostCatchUpMs = 200;

// Lets many ends speak in turn: `rate` turns a second each, spread evenly.
export class Talkers {
  constructor(rate) {
    this.rate = rate;
    this.ends = []; // in the order of their turns
    this.credit = 0;
    this.at = 0;
    this.last = performance.now();
    setInterval(() => this.tick(), kTickMs).unref();
  }
  add(end) {
    this.ends.push(end);
  }
  tick() {
    const now = performance.now();
    // Somebody who was stopped for a while does not make up for it.
    const passed_s = Math.min(now - this.last, kMostCatchUpMs) / 1000;
    this.last = now;
    this.credit += passed_s * this.rate * this.ends.length;
    for (; this.credit >= 1; --this.credit) this.next()?.turn();
  }
  next() {
    if (this.at >= this.ends.length) {
      this.at = 0;
      this.ends = this.ends.filter(({ over }) => !over);
    }
    return this.ends[this.at++];
  }
}
