// Clients that all want a session over TLS at the same moment: node storm_program.mjs JSON, {host, port, path, ca (a file), count}.
// Each makes a full handshake and an upgrade, and stays. Orders: connect (TCP alone), count (those that are connected), strike (every
// hello at once), report (what was seen so far; `left`: those that are still on their way).
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { upgrade_request } from "../../e2e/support/frames.mjs";
import { obey_orders } from "../../e2e/support/orders.mjs";

const { host, port, path, ca, count } = JSON.parse(process.argv[2]);
const kAtOnce = 100; // connects: what is measured begins after them
const kRequest = upgrade_request({ path, host: "localhost" });

// One context for all: reading the CA again for each would be the most of their work.
const secureContext = tls.createSecureContext({ ca: readFileSync(ca) });
const seen = { count, left: count, secured: 0, resumed: 0, in: 0, failed: {}, handshake_ms: 0, entrance_ms: 0, secured_after_ms: 0, hellos_ms: 0 };
const sockets = [];
let begun_connecting_at;
let struck_at;

async function connect_one() {
  const socket = net.connect({ host, port, noDelay: true });
  await once(socket, "connect");
  socket.on("error", () => {}); // told by the TLS socket above it
  sockets.push(socket);
}

function strike_one(socket) {
  const begun_at = performance.now();
  const since = () => performance.now() - begun_at;
  let is_over = false;
  const over = (word) => {
    if (is_over) return;
    is_over = true;
    seen.left -= 1;
    if (word) seen.failed[word] = (seen.failed[word] ?? 0) + 1;
    else seen.in += 1;
  };
  let answer = "";
  const secure = tls.connect({ socket, secureContext, servername: "localhost" });
  secure.on("secureConnect", () => {
    seen.secured += 1;
    seen.resumed += secure.isSessionReused() ? 1 : 0;
    seen.handshake_ms = Math.max(seen.handshake_ms, since());
    seen.secured_after_ms = performance.now() - struck_at;
    secure.write(kRequest);
  });
  secure.on("data", (piece) => {
    answer += piece.toString("latin1");
    if (is_over || !answer.includes("\r\n\r\n")) return;
    const status = answer.slice(9, 12);
    seen.entrance_ms = Math.max(seen.entrance_ms, since());
    over(status === "101" ? undefined : status);
  });
  secure.on("error", ({ code, message }) => over(code ?? message));
  secure.on("close", () => over("closed"));
}

async function connect_all() {
  begun_connecting_at = performance.now();
  for (let i = 0; i < count; i += kAtOnce) {
    await Promise.all(Array.from({ length: Math.min(kAtOnce, count - i) }, connect_one));
  }
}

obey_orders({
  connect: () => void connect_all(),
  count: () => sockets.length,
  strike() {
    struck_at = performance.now();
    sockets.forEach(strike_one);
    seen.hellos_ms = performance.now() - begun_connecting_at;
  },
  report: () => seen,
});
console.log(JSON.stringify({ listening: true }));
