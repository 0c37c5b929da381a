// Traffic as a test sees it: backends and clients in processes of their own, and one ledger of all their sessions.
import { fileURLToPath } from "node:url";
import { kOwnAddress } from "./backends.mjs";
import { Child } from "./child.mjs";
import { in_time } from "./until.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

// A Node program in a process of its own that takes orders; see orders.mjs.
export class Program {
  constructor(file, on_news = () => {}) {
    Object.assign(this, { file, on_news, asked: new Map(), next_id: 0, prefix: [] });
  }
  async launch(plan) {
    const [command, ...args] = [...this.prefix, process.execPath, this.file, JSON.stringify(plan)];
    const child = new Child(command, args, { channel: true });
    this.child = child;
    child.process.on("message", (message) => this.on_message(message));
    // A channel that breaks says so by the end of the program.
    child.process.on("error", () => {});
    const told = await child.saw(({ output }) => output.includes("\n") && JSON.parse(output.split("\n", 1)[0]), `${this.file} runs`);
    return told.listening;
  }
  on_message({ id, answer, error, news }) {
    if (news) {
      news.forEach(this.on_news);
      return;
    }
    const { resolve, reject } = this.asked.get(id);
    this.asked.delete(id);
    if (error) reject(new Error(error));
    else resolve(answer);
  }
  ask(word, order = {}) {
    const id = this.next_id++;
    const answer = new Promise((resolve, reject) => this.asked.set(id, { resolve, reject }));
    this.child.process.send({ id, word, ...order });
    return in_time(answer, { what: `${this.name}: ${word}` });
  }
  is_running() {
    return this.child !== undefined && !this.child.end;
  }
  async kill() {
    await this.child?.kill();
  }
  stop() {
    return this.kill();
  }
}

export class TrafficBackend extends Program {
  // `prefix`: words before the command, where it is to run elsewhere.
  constructor(name, { rate = 0.5, on_news = () => {}, host = kOwnAddress, prefix = [] } = {}) {
    super(here("traffic_backend_program.mjs"), on_news);
    Object.assign(this, { name, rate, host, prefix, port: 0 });
  }
  // Again on the port it had, when it was killed.
  async start() {
    const { name, host, port, rate } = this;
    this.port = await this.launch({ name, host, port, rate });
    return this;
  }
  freeze() {
    this.child.freeze();
  }
  thaw() {
    this.child.thaw();
  }
  as_backend() {
    return { name: this.name, address: `${this.host}:${this.port}` };
  }
}

export class TrafficClients extends Program {
  constructor(name, { on_news = () => {} } = {}) {
    super(here("traffic_client_program.mjs"), on_news);
    this.name = name;
  }
  // The plan: {port, first, count, rate, seed}; see the program.
  async start(plan) {
    await this.launch({ host: "127.0.0.1", ...plan });
    return this;
  }
}

// Every session by "number/incarnation/backend" (a handshake may be tried on two backends): what each end told about it.
export const key_of = ({ number, incarnation, backend }) => `${number}/${incarnation}/${backend}`;
export class Ledger {
  constructor() {
    this.sessions = new Map();
    this.listeners = new Set();
    this.failures = {}; // of handshakes, by word
    Object.assign(this, { opened: 0, ended: 0, longest_away_ms: 0 });
  }
  // {key, open, client, backend} of a session: what was told at its begin, and by each end at its end.
  row(item) {
    const key = key_of(item);
    if (!this.sessions.has(key)) this.sessions.set(key, { key });
    return this.sessions.get(key);
  }
  note_client = (item) => {
    if (item.kind === "open") {
      this.opened += 1;
      this.longest_away_ms = Math.max(this.longest_away_ms, item.away_ms);
      this.row(item).open = item;
    } else if (item.kind === "end") {
      this.ended += 1;
      this.row(item).client = item;
    } else {
      this.failures[item.word] = (this.failures[item.word] ?? 0) + 1;
    }
    this.listeners.forEach((listener) => listener(item, "client"));
  };
  note_backend = (item) => {
    this.row(item).backend = item;
    this.listeners.forEach((listener) => listener(item, "backend"));
  };
  forget(row) {
    this.sessions.delete(row.key);
  }
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  ended_rows() {
    return [...this.sessions.values()].filter(({ client, backend }) => client || backend);
  }
}
