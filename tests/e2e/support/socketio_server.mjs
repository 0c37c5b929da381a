// A Socket.IO server: node socketio_server.mjs NAME HOST PORT [ADAPTER REDIS_URL]. Without an adapter (see adapters.mjs) it knows
// only its own sessions, as one node of several does.
// "whoami" answers NAME, "number" answers the number and notes a gap, "stream" starts numbered messages to the client.
// "join" takes the client into a room; "say" says a text to a room, or to everybody.
// GET /stats tells what was seen; `unknown_sids` counts the requests of sessions that were opened elsewhere.
import http from "node:http";
import { Server } from "socket.io";
import { options_of, saving } from "./adapters.mjs";
import { listen } from "./listen.mjs";

const [name, host, port, adapter = "none", redis_url] = process.argv.slice(2);
const kStreamEveryMs = 20;
const kUnknownSid = 1; // engine.io's code
const seen = { name, opened: 0, open: 0, unknown_sids: 0, upgrades: 0, gaps: 0, disconnects: [] };

const server = http.createServer((request, answer) => {
  answer.end(request.url === "/stats" ? JSON.stringify(seen) : `${name}\n`);
});
const { saved_in, ...shared } = options_of(adapter, redis_url);
const save = saving(saved_in);
const io = new Server(server, { pingInterval: 2000, pingTimeout: 20_000, serveClient: false, ...shared });
io.engine.on("connection_error", (error) => {
  if (error.code === kUnknownSid) seen.unknown_sids += 1;
});
io.on("connection", (socket) => {
  seen.opened += 1;
  seen.open += 1;
  socket.conn.on("upgrade", () => (seen.upgrades += 1));
  let last = -1;
  let stream;
  save(socket);
  socket.on("whoami", (answer) => answer(name));
  socket.on("number", (number, answer) => {
    if (number !== last + 1) seen.gaps += 1;
    last = number;
    answer(number);
  });
  socket.on("stream", () => {
    let next = 0;
    stream = setInterval(() => socket.emit("numbered", next++), kStreamEveryMs);
  });
  socket.on("join", async (room, answer) => {
    await socket.join(room);
    await save(socket);
    answer([...socket.rooms]);
  });
  socket.on("rooms", (answer) => answer([...socket.rooms]));
  socket.on("say", ({ room, text }, answer) => {
    (room ? io.to(room) : io).emit("said", text);
    answer();
  });
  socket.on("disconnect", (reason) => {
    clearInterval(stream);
    seen.open -= 1;
    seen.disconnects.push(reason);
  });
});
listen(server, host, port);
