// A process that an attack must not harm: an echo server, and a WebSocket client that talks to it through limpet.
//   node bystander_program.mjs EVERY_MS
// It tells its port in a line of JSON. GET /begin?port=N opens the session through limpet at that port, over TLS with
// &tls={"ca", "cert", "key"} (paths; ca is whom it trusts, the others are its own and may be missing). GET /report stops
// talking, waits for what is on its way and answers what was seen. Both ends are one process, so that a delay is limpet's
// or the machine's.
import { readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import tls from "node:tls";
import { make_frame, switch_answer, take_frame, upgrade_request } from "../../e2e/support/frames.mjs";

const every_ms = Number(process.argv[2]);
const kLastWaitMs = 10_000; // for the messages on their way
const kLookEveryMs = 5;

// Calls `on_frame` for every frame of the stream, whatever its pieces.
function read_frames(socket, head, on_frame) {
  let bytes = head;
  const take_all = () => {
    for (let found; (found = take_frame(bytes)); bytes = bytes.subarray(found.size)) on_frame(found.frame);
  };
  socket.on("data", (piece) => {
    bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece]);
    take_all();
  });
  take_all();
}

function serve_echo(request, socket, head) {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.write(switch_answer({ fields: request.headers }));
  read_frames(socket, head, ({ payload }) => socket.write(make_frame({ payload })));
}

const seen = { sent: 0, received: 0, wrong: 0, worst_ms: 0, ended: false };
const sent_at = [];
const text_of = (number) => `${number} `.padEnd(64, "talk");
let talking;

function on_answer({ payload }) {
  const number = seen.received++;
  if (payload.toString() !== text_of(number)) seen.wrong += 1;
  seen.worst_ms = Math.max(seen.worst_ms, performance.now() - sent_at[number]);
}

function connect(port, files) {
  if (!files) return net.connect({ host: "127.0.0.1", port, noDelay: true });
  const own = Object.fromEntries(Object.entries(files).map(([what, path]) => [what, readFileSync(path)]));
  const socket = tls.connect({ host: "127.0.0.1", port, servername: "localhost", ...own });
  socket.setNoDelay(true);
  return socket;
}

function begin(port, files, on_open) {
  const socket = connect(port, files);
  socket.on("error", () => {});
  socket.on("close", () => (seen.ended = true));
  socket.write(upgrade_request({ path: "/bystander" }));
  let head = Buffer.alloc(0);
  const on_piece = (piece) => {
    head = Buffer.concat([head, piece]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    socket.off("data", on_piece);
    read_frames(socket, head.subarray(end + 4), on_answer);
    talking = setInterval(() => {
      sent_at.push(performance.now());
      socket.write(make_frame({ payload: text_of(seen.sent++), masked: true }));
    }, every_ms);
    on_open(head.toString("latin1", 9, 12));
  };
  socket.on("data", on_piece);
}

function report(tell) {
  clearInterval(talking);
  const end = performance.now() + kLastWaitMs;
  const look = () => {
    if (seen.received < seen.sent && !seen.ended && performance.now() < end) setTimeout(look, kLookEveryMs);
    else tell(JSON.stringify(seen));
  };
  look();
}

const server = http.createServer((request, answer) => {
  const url = new URL(request.url, "http://localhost");
  const asked = (word) => JSON.parse(url.searchParams.get(word));
  if (url.pathname === "/begin") begin(asked("port"), asked("tls"), (status) => answer.end(status));
  else if (url.pathname === "/report") report((text) => answer.end(text));
  else answer.end("bystander");
});
server.on("upgrade", serve_echo);
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ listening: server.address().port })));
