// One raw TCP connection, either end of it: bytes are sent as they are and read when they are asked for.
import { createHash } from "node:crypto";
import { in_time } from "./until.mjs";
import { make_frame, take_frame } from "./frames.mjs";
import { connect } from "./over_tls.mjs";

export class Connection {
  constructor(socket) {
    this.socket = socket;
    this.bytes = Buffer.alloc(0); // read and not yet taken
    this.received = 0; // bytes in all
    this.waiting = new Set();
    this.over = undefined; // "end" after FIN, "reset" after RST
    socket.on("data", (piece) => {
      this.received += piece.length;
      if (this.digest) {
        this.digest.update(piece);
        return;
      }
      this.bytes = this.bytes.length === 0 ? piece : Buffer.concat([this.bytes, piece]);
      this.wake();
    });
    socket.on("end", () => this.finish_with("end"));
    socket.on("error", (error) => this.finish_with(error.code === "ECONNRESET" || error.code === "EPIPE" ? "reset" : error.code));
    socket.on("close", () => this.finish_with("closed"));
  }

  // `to` is a port, {host, port} or {path}; options are those of net.connect.
  static async open(to, options = {}) {
    const target = typeof to === "object" ? to : { host: "127.0.0.1", port: to };
    return new Connection(await in_time(connect(target, options), { what: "a connection" }));
  }

  // From now on bytes are counted and hashed, not kept.
  only_hash() {
    this.digest = createHash("sha256").update(this.bytes);
    this.bytes = Buffer.alloc(0);
    return this;
  }
  wake() {
    for (const look of [...this.waiting]) look();
  }
  finish_with(how) {
    if (how !== "closed" || !this.over) this.over = this.over === "end" && how === "closed" ? "end" : how;
    this.wake();
  }

  send(...pieces) {
    for (const piece of pieces) this.socket.write(piece);
    return this;
  }
  // Resolves when the kernel has taken it all.
  async send_all(piece) {
    await new Promise((resolve) => this.socket.write(piece, resolve));
  }
  finish() {
    this.socket.end();
    return this;
  }
  reset() {
    this.socket.resetAndDestroy();
  }
  close() {
    this.socket.destroy();
  }

  // The first value of `look` that is not undefined, tried at every piece; fails when the connection ends before.
  wait_for(look, what) {
    const found = new Promise((resolve, reject) => {
      const attempt = () => {
        const value = look();
        if (value === undefined && !this.over) return;
        this.waiting.delete(attempt);
        if (value !== undefined) resolve(value);
        else reject(new Error(`connection over (${this.over}) before ${what}; had ${JSON.stringify(this.bytes.toString("latin1").slice(0, 500))}`));
      };
      this.waiting.add(attempt);
      attempt();
    });
    return in_time(found, { what });
  }

  take(count) {
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }
  async read(count) {
    return this.wait_for(() => (this.bytes.length >= count ? this.take(count) : undefined), `${count} bytes`);
  }
  // Text up to and including `mark`.
  async read_through(mark) {
    return this.wait_for(() => {
      const at = this.bytes.indexOf(mark);
      return at < 0 ? undefined : this.take(at + mark.length).toString("latin1");
    }, JSON.stringify(mark));
  }
  // How the other side ended: "end" or "reset".
  async ending() {
    return in_time(
      new Promise((resolve) => {
        const attempt = () => this.over && (this.waiting.delete(attempt), resolve(this.over));
        this.waiting.add(attempt);
        attempt();
      }),
      { what: "the end of the connection" },
    );
  }
  async read_to_end() {
    await this.ending();
    return this.take(this.bytes.length);
  }

  // A head: {line, status, method, target, fields: {lower: value}, text}.
  async read_head() {
    const text = await this.read_through("\r\n\r\n");
    const [line, ...lines] = text.trimEnd().split("\r\n");
    const fields = {};
    for (const field of lines) {
      const colon = field.indexOf(":");
      const name = field.slice(0, colon).toLowerCase();
      const value = field.slice(colon + 1).trim();
      fields[name] = name in fields ? `${fields[name]}, ${value}` : value;
    }
    const words = line.split(" ");
    return { line, text, fields, status: Number(words[1]), method: words[0], target: words[1] };
  }
  async read_chunked() {
    const pieces = [];
    for (;;) {
      const size = parseInt(await this.read_through("\r\n"), 16);
      if (size === 0) break;
      pieces.push(await this.read(size));
      await this.read_through("\r\n");
    }
    let trailers = "";
    for (let line; (line = await this.read_through("\r\n")) !== "\r\n"; ) trailers += line;
    return { body: Buffer.concat(pieces), trailers };
  }
  // A head and its body.
  async read_message({ bodiless = false } = {}) {
    const head = await this.read_head();
    if (bodiless) return { ...head, body: Buffer.alloc(0) };
    if (head.fields["transfer-encoding"] === "chunked") return { ...head, ...(await this.read_chunked()) };
    if ("content-length" in head.fields) return { ...head, body: await this.read(Number(head.fields["content-length"])) };
    return { ...head, body: head.line.startsWith("HTTP/") ? await this.read_to_end() : Buffer.alloc(0) };
  }

  // WebSocket frames; clients mask theirs.
  send_frame(frame) {
    return this.send(make_frame(frame));
  }
  async read_frame() {
    return this.wait_for(() => {
      const found = take_frame(this.bytes);
      if (!found) return undefined;
      this.take(found.size);
      return found.frame;
    }, "a frame");
  }
}
