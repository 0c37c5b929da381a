// A backend of the traffic: node traffic_backend_program.mjs JSON, {name, host, port, rate}. Talks to every session whose target
// carries a stream (see traffic_client_program.mjs) and checks what it says; other sessions are accepted and left alone.
// Every answer has X-Backend. GET answers the name, after `answer_after_ms`, which an order may raise: a node that is busy.
import http from "node:http";
import { WebSocketServer } from "ws";
import { listen } from "./listen.mjs";
import { News, obey_orders } from "./orders.mjs";
import { TrafficEnd, Talkers } from "./traffic_end.mjs";
import { message_of } from "./traffic_script.mjs";

const { name, host, port, rate } = JSON.parse(process.argv[2]);
const kMostMessageBytes = 16 * 1024 * 1024;
const kLightCompression = { level: 1, memLevel: 7 };

const news = new News();
const talkers = new Talkers(rate);
const live = new Map(); // "number/incarnation" -> TrafficEnd
let speaks = true;
let answer_after_ms = 0;
const wrong_handshakes = [];

const server = http.createServer((request, answer) => {
  answer.setHeader("X-Backend", name);
  setTimeout(() => answer.end(`${name}\n`), answer_after_ms);
});
const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: kMostMessageBytes,
  perMessageDeflate: { threshold: 256, zlibDeflateOptions: kLightCompression },
});
sockets.on("headers", (headers) => headers.push(`X-Backend: ${name}`));

function key_of({ number, incarnation }) {
  return `${number}/${incarnation}`;
}
function on_end(end) {
  live.delete(key_of(end.stream));
  news.tell({ kind: "end", at: Date.now(), backend: name, ...end.books(), ending: end.ending() });
}
function begin(socket, query) {
  const stream = Object.fromEntries(["seed", "number", "incarnation"].map((word) => [word, Number(query.get(word))]));
  const end = new TrafficEnd(socket, { side: "backend", stream, pipe: query.get("pipe"), on_end });
  end.speaks = speaks;
  live.set(key_of(stream), end);
  talkers.add(end);
}
server.on("upgrade", (request, wire, head) => {
  wire.on("error", () => {});
  if (head.length > 0) wrong_handshakes.push(`${head.length} bytes before the 101`);
  sockets.handleUpgrade(request, wire, head, (socket) => {
    const { searchParams } = new URL(request.url, "http://traffic");
    if (searchParams.has("number")) begin(socket, searchParams);
    else socket.on("error", () => {});
  });
});

obey_orders({
  speak({ on }) {
    speaks = on;
    for (const end of live.values()) end.speaks = on;
  },
  is_quiet: () => [...live.values()].every((end) => end.is_quiet()),
  live: () => [...live.values()].map((end) => ({ backend: name, ...end.books() })),
  answer_after({ ms }) {
    answer_after_ms = ms;
  },
  // Ends sessions by a reset, as a backend does that crashes for one client.
  reset({ count }) {
    const chosen = [...live.values()].slice(0, count);
    for (const { socket } of chosen) socket._socket.resetAndDestroy();
    return chosen.length;
  },
  wrong: () => wrong_handshakes,
});
message_of(0, 0); // what is said is made before the first client waits for it
listen(server, host, port);
