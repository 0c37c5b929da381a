// One client of the traffic: a session at a time, back after every end, with the cookie it was given.
import WebSocket from "ws";
import { kWs } from "./over_tls.mjs";
import { TrafficEnd } from "./traffic_end.mjs";

const kFirstPauseMs = 20; // before it comes back; doubled by every failure, and spread
const kLongestPauseMs = 500;
const kHandshakeMs = 20_000;
const kLightCompression = { threshold: 256, zlibDeflateOptions: { level: 1, memLevel: 7 } };

export class TrafficClient {
  // `context` is shared: {plan, news, talkers, speaks, comes_back}.
  constructor(number, context, throw_dice) {
    Object.assign(this, { number, context, throw_dice, incarnation: -1, failures: 0, away_since: undefined });
    this.deflate = throw_dice() < context.plan.deflate_share;
    this.pipe = throw_dice() < context.plan.slow_pipe_share ? "slow" : "quick";
  }

  connect() {
    if (!this.context.comes_back) return;
    const { plan } = this.context;
    this.away_since ??= Date.now();
    this.incarnation += 1;
    const query = new URLSearchParams({ seed: plan.seed, number: this.number, incarnation: this.incarnation, pipe: this.pipe });
    const socket = new WebSocket(`${kWs}://${plan.host}:${plan.port}/traffic?${query}`, {
      headers: this.cookie ? { Cookie: this.cookie } : {},
      perMessageDeflate: this.deflate ? kLightCompression : false,
      handshakeTimeout: kHandshakeMs,
    });
    let failure;
    this.socket = socket;
    socket.on("upgrade", (answer) => this.on_upgrade(answer));
    socket.on("unexpected-response", (request, answer) => {
      failure = `${answer.statusCode} ${answer.headers["limpet-reason"] ?? "of the backend"}`;
      request.destroy();
      this.on_failure(failure);
    });
    socket.on("open", () => this.on_open(socket));
    socket.on("error", (error) => {
      if (!this.end && !failure) this.on_failure((failure = error.code ?? error.message));
    });
  }
  on_upgrade(answer) {
    this.came_back_to = answer.headers["x-backend"];
    const field = [answer.headers["set-cookie"] ?? []].flat()[0];
    if (field) this.cookie = field.split(";")[0];
  }
  on_open(socket) {
    const { plan, news, talkers, speaks } = this.context;
    const before = this.backend;
    this.backend = this.came_back_to;
    const away_ms = Date.now() - this.away_since;
    this.away_since = undefined;
    this.failures = 0;
    const stream = { seed: plan.seed, number: this.number, incarnation: this.incarnation };
    this.end = new TrafficEnd(socket, { side: "client", stream, pipe: this.pipe, on_end: (end) => this.on_end(end) });
    this.end.speaks = speaks;
    this.opened_at = Date.now();
    talkers.add(this.end);
    const { number, incarnation, backend } = this;
    news.tell({ kind: "open", at: this.opened_at, number, incarnation, backend, before, away_ms });
  }
  on_end(end) {
    const { opened_at, backend, context } = this;
    context.news.tell({ kind: "end", at: Date.now(), opened_at, backend, ...end.books(), ending: end.ending() });
    this.end = undefined;
    this.away_since = Date.now();
    this.come_back();
  }
  on_failure(word) {
    const { number, failures } = this;
    this.context.news.tell({ kind: "failure", at: Date.now(), number, word, away_ms: Date.now() - this.away_since });
    this.failures = failures + 1;
    this.come_back();
  }
  come_back() {
    if (!this.context.comes_back) return;
    const pause_ms = Math.min(kLongestPauseMs, kFirstPauseMs * 2 ** this.failures);
    setTimeout(() => this.connect(), pause_ms * (0.5 + this.throw_dice()));
  }

  leave(how = "close") {
    if (this.end && !this.end.over) this.end.leave(how);
  }
  read_nothing(for_ms) {
    const { end } = this;
    end.socket.pause();
    setTimeout(() => !end.over && end.socket.resume(), for_ms);
  }
}
