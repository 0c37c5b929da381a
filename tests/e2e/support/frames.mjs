// WebSocket frames and the handshake by hand (RFC 6455 1.3, 5.2), for the tests that need to send what no library would.
import { createHash, randomBytes } from "node:crypto";

const kMagic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 };

export function accept_for(key) {
  return createHash("sha1").update(key + kMagic).digest("base64");
}

// The request of a WebSocket client; `fields` are further header lines.
export function upgrade_request({ path = "/", host = "limpet.test", key = "dGhlIHNhbXBsZSBub25jZQ==", fields = "" } = {}) {
  return (
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${fields}\r\n`
  );
}

// The answer of a server to that request's head.
export function switch_answer(head, { accept = accept_for(head.fields["sec-websocket-key"]), fields = "" } = {}) {
  return (
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Accept: ${accept}\r\n${fields}\r\n`
  );
}

export function make_frame({ opcode = Opcode.Text, payload = "", fin = true, masked = false }) {
  const data = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | opcode;
  let head;
  if (data.length < 126) {
    head = Buffer.from([first, data.length]);
  } else if (data.length < 65_536) {
    head = Buffer.from([first, 126, 0, 0]);
    head.writeUInt16BE(data.length, 2);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  if (!masked) return Buffer.concat([head, data]);
  head[1] |= 0x80;
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, data.map((byte, i) => byte ^ mask[i % 4])]);
}

export function close_payload(code, reason = "") {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([payload, Buffer.from(reason)]);
}

// The first frame of `bytes` and its size; undefined while it is not complete.
export function take_frame(bytes) {
  if (bytes.length < 2) return undefined;
  const masked = (bytes[1] & 0x80) !== 0;
  let length = bytes[1] & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const mask = masked ? bytes.subarray(at, at + 4) : undefined;
  at += masked ? 4 : 0;
  if (bytes.length < at + length) return undefined;
  let payload = bytes.subarray(at, at + length);
  if (mask) payload = Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]));
  const frame = { fin: (bytes[0] & 0x80) !== 0, opcode: bytes[0] & 0x0f, masked, payload };
  if (frame.opcode === Opcode.Close && payload.length >= 2) {
    frame.code = payload.readUInt16BE(0);
    frame.reason = payload.subarray(2).toString();
  }
  return { size: at + length, frame };
}
