// A real TLS client whose bytes stop at a given place, so that it can leave, or fall silent, anywhere in a handshake.
import { once } from "node:events";
import net from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import { in_time } from "./until.mjs";

// What the client writes goes to `socket` up to byte `most`.
class CutPipe extends Duplex {
  constructor(socket, most) {
    super();
    Object.assign(this, { socket, most, sent: 0, hello: undefined });
    this.cut = new Promise((resolve) => (this.on_cut = resolve)); // the last of them is with the kernel
    if (most === 0) this.on_cut();
    socket.on("data", (piece) => this.push(piece));
    socket.on("end", () => {
      this.push(null);
      socket.end();
    });
    socket.on("error", () => {});
  }
  _read() {}
  _write(piece, _, done) {
    this.hello ??= piece;
    const taken = piece.subarray(0, this.most - this.sent);
    this.sent += taken.length;
    const is_last = taken.length > 0 && this.sent === this.most;
    if (taken.length > 0) this.socket.write(taken, () => is_last && this.on_cut());
    done();
  }
  _final(done) {
    this.socket.end();
    done();
  }
}

export class CutTlsClient {
  // Connected, and about to send `most` bytes of its handshake; options are those of tls.connect.
  static async start(stage, port, { most = Infinity, ...options } = {}) {
    const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    stage.add({ stop: () => socket.destroy() });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await in_time(once(socket, "connect"), { what: "a connection" });
    const client = Object.assign(new CutTlsClient(), { socket, closed, pipe: new CutPipe(socket, most) });
    client.tls = tls.connect({ socket: client.pipe, servername: "localhost", rejectUnauthorized: false, ...options });
    client.tls.on("error", () => {});
    return client;
  }
  // What a client of these options sends: its hello, and how many bytes until the server is content.
  static async measure(stage, port, options) {
    const client = await CutTlsClient.start(stage, port, options);
    await in_time(once(client.tls, "session"), { what: "a ticket" });
    const measured = { hello: client.pipe.hello, all: client.pipe.sent };
    client.tls.end();
    await client.over();
    return measured;
  }
  // When its last byte is sent.
  cut() {
    return in_time(this.pipe.cut, { what: "the cut" });
  }
  leave(how) {
    if (how === "fin") this.socket.end();
    if (how === "reset") this.socket.resetAndDestroy();
    return this;
  }
  over() {
    return in_time(this.closed, { what: "the end of a connection" });
  }
}
