// New sessions at a steady rate, each for a moment: node handshakes_program.mjs JSON, {port, per_s}. A session is a connect, an
// upgrade, a Close and its answer. Orders: report (what was seen so far), stop (no new ones; answers when all have ended).
import net from "node:net";
import { close_payload, make_frame, Opcode, take_frame, upgrade_request } from "../../e2e/support/frames.mjs";
import { obey_orders } from "../../e2e/support/orders.mjs";

const plan = { host: "127.0.0.1", ...JSON.parse(process.argv[2]) };
const kTickMs = 10;
const kPatienceMs = 20_000;
const kGoodbye = make_frame({ opcode: Opcode.Close, payload: close_payload(1000), masked: true });

// `good`: a 101, then a Close in answer to ours or of limpet's own.
const seen = { begun: 0, open: 0, good: 0, bad: {}, slowest_ms: 0, first_bad: undefined };

function on_over(me, word) {
  if (me.over) return;
  me.over = true;
  seen.open -= 1;
  me.socket.destroy();
  if (word === "good") seen.good += 1;
  else {
    seen.bad[word] = (seen.bad[word] ?? 0) + 1;
    seen.first_bad ??= { word, at: new Date().toISOString(), got: me.bytes.toString("latin1").slice(0, 200) };
  }
}
function on_bytes(me) {
  if (!me.is_open) {
    const end = me.bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    const status = me.bytes.toString("latin1", 9, 12);
    if (status !== "101") {
      on_over(me, `${status} ${/^Limpet-Reason: (\S+)/im.exec(me.bytes.toString("latin1"))?.[1]}`);
      return;
    }
    me.is_open = true;
    seen.slowest_ms = Math.max(seen.slowest_ms, performance.now() - me.begun_at);
    me.bytes = me.bytes.subarray(end + 4);
    me.socket.write(kGoodbye);
  }
  if (take_frame(me.bytes)?.frame.opcode === Opcode.Close) on_over(me, "good");
}
function begin() {
  seen.begun += 1;
  seen.open += 1;
  const socket = net.connect({ host: plan.host, port: plan.port, noDelay: true });
  const me = { socket, begun_at: performance.now(), bytes: Buffer.alloc(0) };
  socket.setTimeout(kPatienceMs, () => on_over(me, me.is_open ? "no Close" : "no answer"));
  socket.on("data", (piece) => {
    me.bytes = Buffer.concat([me.bytes, piece]);
    on_bytes(me);
  });
  socket.on("end", () => on_over(me, me.is_open ? "eof" : "eof before an answer"));
  socket.on("error", ({ code }) => on_over(me, code));
  socket.write(upgrade_request({ path: "/moment" }));
}

let credit = 0;
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  credit += ((now - last) * plan.per_s) / 1000;
  last = now;
  for (; credit >= 1; --credit) begin();
}, kTickMs);

obey_orders({
  report: () => seen,
  async stop() {
    clearInterval(timer);
    while (seen.open > 0) await new Promise((resolve) => setTimeout(resolve, kTickMs));
    return seen;
  },
});
console.log(JSON.stringify({ listening: true }));
