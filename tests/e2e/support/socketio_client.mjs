// A Socket.IO client as a story needs it. It begins with long-polling and upgrades, as the library does by default.
import { io } from "socket.io-client";
import { cookie_of, get, module_of } from "./http_client.mjs";
import { in_time, until } from "./until.mjs";

// An affinity cookie, as a page that was loaded before gives one to the browser.
export async function fetch_cookie(limpet) {
  return cookie_of(await get(`${limpet.url}/`));
}

export class SocketIoClient {
  // `cookie`: sent with every request. Without one, cookies of answers are kept as a browser does. `from`: the client's
  // address. Other options are the library's.
  constructor(url, { cookie, from, ...options } = {}) {
    this.agent = from ? new (module_of(url).Agent)({ localAddress: from, keepAlive: true }) : undefined;
    this.socket = io(url, {
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
      withCredentials: !cookie,
      ...(cookie ? { extraHeaders: { cookie } } : {}),
      ...(this.agent ? { agent: this.agent } : {}),
      ...options,
    });
    this.connects = 0;
    this.disconnects = [];
    this.errors = [];
    this.numbered = []; // what the server streamed to this connection
    this.socket.on("connect", () => {
      this.connects += 1;
      this.numbered = [];
    });
    this.socket.on("disconnect", (reason) => this.disconnects.push(reason));
    this.socket.on("connect_error", (error) => this.errors.push(error));
    this.socket.on("numbered", (number) => this.numbered.push(number));
  }

  get transport() {
    return this.socket.io.engine?.transport.name;
  }
  async connected() {
    await until(() => this.socket.connected, { what: `a Socket.IO connection (${this.errors.at(-1)?.message})` });
    return this;
  }
  async upgraded() {
    await this.connected();
    await until(() => this.transport === "websocket", { what: "the upgrade to WebSocket" });
    return this;
  }
  ask(...question) {
    return in_time(new Promise((resolve) => this.socket.emit(...question, resolve)), { what: `${question[0]} answered` });
  }
  whoami() {
    return this.ask("whoami");
  }
  async send_numbers(count) {
    for (let number = 0; number < count; ++number) {
      if ((await this.ask("number", number)) !== number) throw new Error("another number came back");
    }
  }
  stream() {
    this.socket.emit("stream");
  }
  stop() {
    this.socket.disconnect();
    this.agent?.destroy();
  }
}
