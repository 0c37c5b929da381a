// A crowd of clients that misbehave alike: node crowd_program.mjs JSON. See crowd.mjs for what the JSON says.
// A line {"open":N} tells that all are connected and have sent what they send at once; {"done":{...}} how they ended.
import net from "node:net";

const plan = {
  host: "127.0.0.1",
  count: 1,
  at_once: 200,
  send: "",
  times: 1,
  drip: undefined,
  reads: true,
  stubborn: false,
  leave: undefined,
  when: "sent",
  ...JSON.parse(process.argv[2]),
};
const at_once = Buffer.from(plan.send.repeat(plan.times), "latin1");
const done = { count: 0, statuses: {}, reasons: {}, endings: {}, retry_after: 0, shortest_ms: Infinity, longest_ms: 0, connect_ms: 0 };
const tell = (line) => console.log(JSON.stringify(line));
const add = (table, word) => (table[word] = (table[word] ?? 0) + 1);

// A socket that is not read does not keep Node alive.
const kForeverMs = 2 ** 30;
const alive = setInterval(() => {}, kForeverMs);

let started = 0;
let ready = 0;
let in_hand = 0; // those that count against at_once

function start_more() {
  while (started < plan.count && in_hand < plan.at_once) {
    started += 1;
    in_hand += 1;
    attack();
  }
}
function on_ready() {
  ready += 1;
  if (ready === plan.count) tell({ open: ready, connect_ms: done.connect_ms });
}
function note_answer(text) {
  const head = /^HTTP\/1\.1 (\d+)/.exec(text);
  if (!head) return;
  add(done.statuses, head[1]);
  const reason = /^Limpet-Reason: (\S+)/im.exec(text);
  if (reason) add(done.reasons, reason[1]);
  if (/^Retry-After: \d+\r$/im.test(text)) done.retry_after += 1;
}
function on_over({ connected_at, answer, ending, counted }) {
  if (counted) in_hand -= 1;
  done.count += 1;
  note_answer(answer);
  add(done.endings, ending);
  const lasted = performance.now() - connected_at;
  done.shortest_ms = Math.min(done.shortest_ms, lasted);
  done.longest_ms = Math.max(done.longest_ms, lasted);
  if (done.count < plan.count) {
    start_more();
    return;
  }
  tell({ done });
  clearInterval(alive);
}

const kLeave = {
  reset: (socket) => socket.resetAndDestroy(),
  close: (socket) => socket.destroy(),
  finish: (socket) => socket.end(),
};

// Sends `text` a byte at a time; ends with the connection.
function drip(socket, { text, every_ms, after_ms = 0 }) {
  let at = 0;
  const next = () => {
    if (socket.destroyed || socket.writableEnded || at === text.length) return;
    socket.write(text[at++]);
    setTimeout(next, every_ms);
  };
  setTimeout(next, after_ms);
}

function attack() {
  const asked_at = performance.now();
  const me = { connected_at: asked_at, answer: "", ending: "end", counted: true };
  const socket = net.connect({ host: plan.host, port: plan.port, noDelay: true, allowHalfOpen: plan.stubborn });
  const leave = () => {
    me.ending = plan.leave;
    kLeave[plan.leave](socket);
  };
  socket.on("connect", () => {
    me.connected_at = performance.now();
    done.connect_ms = Math.max(done.connect_ms, me.connected_at - asked_at);
    if (!plan.leave) {
      in_hand -= 1; // it stays; the next may come
      me.counted = false;
    }
    const sent = () => {
      on_ready();
      if (plan.drip) drip(socket, plan.drip);
      if (plan.leave && plan.when === "sent") leave();
      if (!plan.leave) start_more();
    };
    if (at_once.length > 0) socket.write(at_once, sent);
    else sent();
  });
  if (plan.reads) {
    socket.on("data", (piece) => {
      if (me.answer.length < 4096) me.answer += piece.toString("latin1");
      if (plan.leave && plan.when === "answered" && me.ending === "end" && me.answer.includes("\r\n\r\n")) leave();
    });
  }
  socket.on("error", (error) => {
    if (me.ending === "end") me.ending = error.code;
  });
  socket.on("close", () => on_over(me));
}
start_more();
