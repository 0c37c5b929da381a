// A `ws` client as a story needs it: messages in order, one at a time, and how it ended.
import WebSocket from "ws";
import { in_time } from "./until.mjs";

export class WebSocketClient {
  // Options are those of `ws`, and `protocols`, `from` (the client's address).
  constructor(url, { protocols = [], from, ...options } = {}) {
    this.messages = []; // {data, is_binary} that nobody has taken yet
    this.waiting = [];
    this.pongs = [];
    this.socket = new WebSocket(url, protocols, { localAddress: from, perMessageDeflate: false, ...options });
    this.socket.on("message", (data, is_binary) => {
      const message = { data, is_binary, text: is_binary ? undefined : data.toString() };
      const first = this.waiting.shift();
      if (first) first.resolve(message);
      else this.messages.push(message);
    });
    this.socket.on("pong", (data) => this.pongs.push(data.toString()));
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => {
        this.close = { code, reason: reason.toString() };
        this.waiting.splice(0).forEach(({ reject }) => reject(new Error(`closed (${code}) while a message was awaited`)));
        resolve(this.close);
      });
    });
    const opened = new Promise((resolve, reject) => {
      this.socket.on("upgrade", (answer) => (this.answer = answer));
      this.socket.on("open", resolve);
      this.socket.on("error", (error) => {
        this.error = error;
        reject(error);
      });
      this.closed.then(() => reject(new Error("closed before it was open")));
    });
    opened.catch(() => {});
    this.opened = in_time(opened, { what: `a WebSocket to ${url}` });
    this.opened.catch(() => {});
  }

  get backend() {
    return this.answer?.headers["x-backend"];
  }
  send(data, options) {
    this.socket.send(data, options);
    return this;
  }
  message(options) {
    const first = this.messages.shift();
    if (first) return Promise.resolve(first);
    if (this.close) return Promise.reject(new Error(`closed (${this.close.code})`));
    return in_time(new Promise((resolve, reject) => this.waiting.push({ resolve, reject })), { what: "a message", ...options });
  }
  async echo(text) {
    this.send(text);
    return (await this.message()).text;
  }
  end(code, reason) {
    this.socket.close(code, reason);
    return this.ended();
  }
  ended(options) {
    return in_time(this.closed, { what: "the end of a WebSocket", ...options });
  }
  terminate() {
    this.socket.terminate();
  }
}
