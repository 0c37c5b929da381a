// One Socket.IO session over WebSocket that is kept: when it ends it comes back by itself, to the next node of limpet. It is in
// when its server has answered who it is: then it receives again. Cookies are kept in the jar of its user, as browsers do.
import { WebSocket } from "./library.mjs";

const kSlowestComeBackMs = 100; // chance takes a moment up to that, as the library's own clients do
const kPath = "/socket.io/?EIO=4&transport=websocket";
const kAskWho = '420["whoami"]';
const kWho = /^430\["(.*)"\]$/;
const kSaid = /^42\["said","(.*)"\]$/;

export class Session {
  // `plan`: {addresses: of the nodes of limpet, dice, on_said(text), on_lost(session), on_in(session)}
  constructor(number, jar, plan) {
    Object.assign(this, { number, jar, plan, turn: number, node: undefined, wanted: false });
  }
  get is_in() {
    return this.node !== undefined;
  }
  get address() {
    return this.plan.addresses[this.turn % this.plan.addresses.length];
  }

  // Answers when it is in.
  open() {
    this.wanted = true;
    this.entered = new Promise((resolve) => (this.enter = resolve));
    this.connect();
    return this.entered;
  }
  connect() {
    const headers = this.jar.cookie ? { Cookie: this.jar.cookie } : {};
    const socket = new WebSocket(`ws://${this.address}${kPath}`, { headers, perMessageDeflate: false });
    this.socket = socket;
    socket.on("upgrade", ({ headers: { "set-cookie": cookies = [] } }) => {
      if (cookies.length > 0) this.jar.cookie = cookies[0].split(";")[0];
    });
    socket.on("message", (data) => this.take(data.toString()));
    socket.on("error", () => {}); // a close follows
    socket.on("close", () => this.on_close());
  }
  take(text) {
    if (text.startsWith("0{")) this.socket.send("40");
    else if (text === "2") this.socket.send("3");
    else if (text.startsWith("40{")) this.socket.send(kAskWho);
    else if (kSaid.test(text)) this.plan.on_said(kSaid.exec(text)[1]);
    else if (kWho.test(text)) {
      [, this.node] = kWho.exec(text);
      this.enter();
      this.plan.on_in(this);
    }
  }
  on_close() {
    const was_in = this.is_in;
    this.node = undefined;
    if (!this.wanted) {
      this.left?.();
      return;
    }
    if (was_in) this.plan.on_lost(this);
    this.turn += 1;
    setTimeout(() => this.connect(), this.plan.dice() * kSlowestComeBackMs);
  }

  say(text) {
    this.socket.send(`421["say",${JSON.stringify({ text })}]`);
  }
  // In good order; answers when it has left.
  leave() {
    this.wanted = false;
    return new Promise((resolve) => {
      this.left = resolve;
      this.socket.close();
    });
  }
}
