// A WebSocket echo server: node websocket_server.mjs NAME HOST PORT. Texts that begin with "!" are orders:
//   !close {"code":..,"reason":..}   closes so (without a code: an empty Close)
//   !fragments                       answers in three frames
//   !block MILLISECONDS              does nothing else for so long, then echoes the order
//   !name                            answers NAME, for clients that cannot see the fields of a handshake's answer
// Every handshake is answered with X-Backend: NAME. GET /stats tells what was seen, /page is page.html; other paths answer NAME.
import { readFileSync } from "node:fs";
import http from "node:http";
import { WebSocketServer } from "ws";
import { listen } from "./listen.mjs";

const [name, host, port] = process.argv.slice(2);
const page = readFileSync(new URL("page.html", import.meta.url), "utf8").replace("NAME", name);
const seen = { name, opened: 0, open: 0, messages: 0, closes: [], pings: 0, cookies: [] };

const server = http.createServer((request, answer) => {
  answer.setHeader("X-Backend", name);
  if (request.url === "/page") answer.setHeader("Content-Type", "text/html").end(page);
  else answer.end(request.url === "/stats" ? JSON.stringify(seen) : `${name}\n`);
});
const sockets = new WebSocketServer({
  server,
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: { threshold: 0 },
  handleProtocols: (offered) => (offered.has("chat.v2") ? "chat.v2" : offered.values().next().value),
});
sockets.on("headers", (headers) => headers.push(`X-Backend: ${name}`));

function obey(socket, order) {
  const [word, argument] = order.split(/ (.*)/s);
  switch (word) {
    case "!close": {
      const { code, reason } = JSON.parse(argument);
      socket.close(code, reason);
      return;
    }
    case "!block": {
      const end = Date.now() + Number(argument);
      while (Date.now() < end);
      socket.send(order);
      return;
    }
    case "!name":
      socket.send(name);
      return;
    case "!fragments":
      socket.send("one ", { fin: false });
      socket.send("two ", { fin: false });
      socket.send("three", { fin: true });
      return;
  }
}

sockets.on("connection", (socket, request) => {
  seen.opened += 1;
  seen.open += 1;
  if (request.headers.cookie) seen.cookies.push(request.headers.cookie);
  socket.on("ping", () => (seen.pings += 1));
  socket.on("message", (data, is_binary) => {
    seen.messages += 1;
    if (!is_binary && data[0] === "!".charCodeAt(0)) obey(socket, data.toString());
    else socket.send(data, { binary: is_binary });
  });
  socket.on("close", (code, reason) => {
    seen.open -= 1;
    seen.closes.push({ code, reason: reason.toString() });
  });
  socket.on("error", () => {});
});
listen(server, host, port);
