// HTTP that no library would send or read so.

export const ask = (path, { method = "GET", fields = "" } = {}) =>
  `${method} ${path} HTTP/1.1\r\nHost: limpet.test\r\n${fields}\r\n`;

// A backend that takes whatever comes and never says a word.
export function counting_sink(stage) {
  return stage.script_backend(async (connection) => {
    await connection.read_head();
    connection.only_hash();
  }, { name: "sink" });
}

// Counts the bytes of data in a chunked body (RFC 9112 7.1) without trailers, in pieces of any size, keeping nothing.
export class ChunkCounter {
  data_bytes = 0;
  size_line = "";
  left = 0; // of a chunk, with its CR LF
  ended = new Promise((resolve) => (this.end = resolve));

  // Takes over all that the connection reads from now on.
  follow(connection) {
    const early = connection.take(connection.bytes.length);
    connection.socket.removeAllListeners("data");
    connection.socket.on("data", (piece) => this.take(piece));
    if (early.length > 0) this.take(early);
  }
  take(bytes) {
    for (let at = 0; at < bytes.length; ) {
      if (this.left > 0) {
        const part = Math.min(this.left, bytes.length - at);
        this.left -= part;
        at += part;
      } else {
        const line_end = bytes.indexOf(10, at);
        const upto = line_end < 0 ? bytes.length : line_end + 1;
        this.size_line += bytes.toString("latin1", at, upto);
        at = upto;
        if (line_end >= 0) this.begin_chunk();
      }
    }
  }
  begin_chunk() {
    const size = parseInt(this.size_line, 16);
    this.size_line = "";
    this.data_bytes += size;
    this.left = size + 2;
    if (size === 0) this.end();
  }
}
