// Follows the frames of one direction byte by byte (RFC 6455 5.2), apart from whatever library speaks there: where they begin and
// end, whether they are masked as they must be, what the Close says, and what came behind it. It is the witness for "closed at a
// frame boundary, and nothing after".
import { Opcode } from "./frames.mjs";

const kControl = 0x08; // the bit of an opcode
const kKnown = new Set(Object.values(Opcode));

export class FrameFollower {
  constructor({ masked }) {
    this.masked = masked; // what the frames of this direction must be
    this.head = Buffer.alloc(14);
    this.head_bytes = 0; // of the head that is being read
    this.left = 0; // bytes of payload that are still to come
    this.in_message = false; // between fragments
    this.close = undefined; // {code, reason}
    this.close_at = undefined; // Date.now()
    this.bytes_after_close = 0;
    this.frames = 0;
    this.wrong = undefined; // the first rule that was broken
  }

  observe(bytes) {
    let at = 0;
    while (at < bytes.length) {
      if (this.close) {
        this.bytes_after_close += bytes.length - at;
        return;
      }
      at = this.left > 0 ? this.skip(bytes, at) : this.read_head(bytes, at);
    }
  }
  between_frames() {
    return this.head_bytes === 0 && this.left === 0;
  }

  head_size() {
    if (this.head_bytes < 2) return 2;
    const length = this.head[1] & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (this.head[1] & 0x80 ? 4 : 0);
  }
  read_head(bytes, at) {
    this.head[this.head_bytes++] = bytes[at++];
    if (this.head_bytes < 2 || this.head_bytes < this.head_size()) return at;
    const length = this.head[1] & 0x7f;
    this.left = length === 126 ? this.head.readUInt16BE(2) : length === 127 ? Number(this.head.readBigUInt64BE(2)) : length;
    this.opcode = this.head[0] & 0x0f;
    this.check_rules();
    this.payload = this.opcode === Opcode.Close ? [] : undefined;
    if (this.left === 0) this.end_frame();
    return at;
  }
  skip(bytes, at) {
    const end = Math.min(bytes.length, at + this.left);
    this.payload?.push(...bytes.subarray(at, end));
    this.left -= end - at;
    if (this.left === 0) this.end_frame();
    return end;
  }

  blame(rule) {
    this.wrong ??= `frame ${this.frames}: ${rule}`;
  }
  check_rules() {
    const [first, second] = this.head;
    const fin = (first & 0x80) !== 0;
    if (((second & 0x80) !== 0) !== this.masked) this.blame(this.masked ? "not masked" : "masked");
    if (!kKnown.has(this.opcode)) this.blame(`opcode ${this.opcode}`);
    if (this.opcode & kControl) {
      if (!fin || this.left > 125) this.blame("a control frame that is fragmented or long");
      return;
    }
    const continues = this.opcode === Opcode.Continuation;
    if (continues !== this.in_message) this.blame(continues ? "a continuation of nothing" : "a message within a message");
    this.in_message = !fin;
  }
  end_frame() {
    if (this.payload) this.read_close();
    this.frames += 1;
    this.head_bytes = 0;
  }
  read_close() {
    const mask = this.head.subarray(this.head_size() - 4);
    const payload = Buffer.from(this.payload.map((byte, i) => (this.head[1] & 0x80 ? byte ^ mask[i % 4] : byte)));
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    this.close = { code, reason: payload.subarray(2).toString() };
    this.close_at = Date.now();
  }
}
