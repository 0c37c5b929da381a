// Sessions over TLS that talk at a steady rate: node bystanders_program.mjs JSON, {host, port, path, ca (a file), count, per_s (each)}.
// Each message is echoed by a backend; how long that took is kept by the phase in which it was said. Orders: open (begins to), count
// (those that are), phase {name} (what is said from now on belongs to it), settle (falls silent, waits for the rest; what was seen).
import { readFileSync } from "node:fs";
import { obey_orders } from "../../e2e/support/orders.mjs";
import { WebSocketClient } from "../../e2e/support/websocket_client.mjs";

const { host, port, path, ca, count, per_s } = JSON.parse(process.argv[2]);
const kTickMs = 5;
const kLastWaitMs = 10_000;
const kAtOnce = 50; // that open at the same time
const kTextLength = 64;

const trust = readFileSync(ca);
const phases = new Map(); // name -> times of echoes, ms
const seen = { sent: 0, received: 0, wrong: 0, ended: 0 };
const sessions = [];
let phase;
let timer;

async function open_one(number) {
  const client = new WebSocketClient(`wss://${host}:${port}${path}`, { ca: trust, servername: "localhost" });
  client.closed.then(() => (seen.ended += 1));
  await client.opened;
  sessions.push({ client, number, said: 0 });
}
async function say(session) {
  const text = `${session.number}: ${session.said++} `.padEnd(kTextLength, "talk");
  const times = phase;
  const sent_at = performance.now();
  seen.sent += 1;
  try {
    const echo = await session.client.echo(text);
    times.push(performance.now() - sent_at);
    seen.received += 1;
    if (echo !== text) seen.wrong += 1;
  } catch {
    // It never came: sent and not received.
  }
}

// One after the other and round again, so that the load is the same at any moment.
function talk() {
  let credit = 0;
  let next = 0;
  let last = performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    credit += ((now - last) * count * per_s) / 1000;
    last = now;
    for (; credit >= 1; --credit) say(sessions[next++ % count]);
  }, kTickMs);
}
function enter(name) {
  phase = [];
  phases.set(name, phase);
}

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), slowest: sorted.at(-1) };
}

async function open_all() {
  enter("warm");
  for (let i = 0; i < count; i += kAtOnce) {
    await Promise.all(Array.from({ length: Math.min(kAtOnce, count - i) }, (_, j) => open_one(i + j)));
  }
  talk();
}

obey_orders({
  open: () => void open_all(),
  count: () => sessions.length,
  phase: ({ name }) => enter(name),
  async settle() {
    clearInterval(timer);
    const end = performance.now() + kLastWaitMs;
    while (seen.received < seen.sent && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, kTickMs));
    return { ...seen, phases: Object.fromEntries([...phases].map(([name, times]) => [name, summary(times)])) };
  },
});
console.log(JSON.stringify({ listening: true }));
