// How long a client waits for its 101, one after the other: from the connect to the last byte of the answer's head.
import net from "node:net";

const kEndOfHead = "\r\n\r\n";
const kKey = "dGhlIHNhbXBsZSBub25jZQ==";

function handshake(address, cookie) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const [host, port] = address.split(":");
    const socket = net.connect({ host, port: Number(port), noDelay: true });
    const fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${kKey}`];
    if (cookie) fields.push(`Cookie: ${cookie}`);
    socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\n${fields.join("\r\n")}${kEndOfHead}`);
    let head = "";
    let answer;
    socket.on("data", (bytes) => {
      if (answer) return;
      head += bytes.toString("latin1");
      if (!head.includes(kEndOfHead)) return;
      if (!head.startsWith("HTTP/1.1 101 ")) reject(new Error(`instead of a 101: ${head}`));
      answer = { ms: performance.now() - began, cookie: /^set-cookie: ([^;\r]*)/im.exec(head)?.[1] };
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => (answer ? resolve(answer) : reject(new Error("closed before the 101"))));
  });
}

// `entrances`: the addresses of the nodes of limpet of each pool, which take turns. Answers {first, again} for each: ms of
// `count` clients that nobody knows; and when all have been there, of the same again, each through the next node of limpet.
export async function time_handshakes(entrances, count) {
  const pools = entrances.map((addresses) => ({ addresses, cookies: [], first: [], again: [] }));
  for (let i = 0; i < count; ++i) {
    for (const { addresses, cookies, first } of in_turn(pools, i)) {
      const { ms, cookie } = await handshake(addresses[i % addresses.length]);
      first.push(ms);
      cookies.push(cookie);
    }
  }
  for (let i = 0; i < count; ++i) {
    for (const { addresses, cookies, again } of in_turn(pools, i)) {
      again.push((await handshake(addresses[(i + 1) % addresses.length], cookies[i])).ms);
    }
  }
  return pools;
}
// Nobody always follows the same neighbour, nor itself.
function in_turn(pools, i) {
  const first = i % pools.length;
  return [...pools.slice(first), ...pools.slice(0, first)];
}
