// The field of a story: limpet, backends and clients in traffic, the ledger, and what is asked of them all.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { Limpet, limpet_command } from "../../e2e/support/limpet.mjs";
import { key_of, Ledger, TrafficBackend, TrafficClients } from "../../e2e/support/traffic.mjs";
import { until } from "../../e2e/support/until.mjs";
import { Judge } from "./judge.mjs";

const kClientProcesses = 2;
const kQuietMs = 60_000; // for what is under way, 4 MiB through a slow pipe too
const kOpenMs = 120_000;

export class Field {
  actors = [];
  all_backends = []; // also those that limpet was not told of at its start

  // `far`: {name, node}, a further backend on a node of its own.
  static async lay({ sessions, rate, seed, backends = ["b1", "b2", "b3"], far, settings = {} }) {
    const field = new Field();
    const ledger = new Ledger();
    Object.assign(field, { sessions, rate, seed, ledger, judge: new Judge(ledger, (...when) => field.was_out(...when)) });
    field.backends = await Promise.all(backends.map((name) => field.start_backend(name)));
    if (far) field.backends.push(await field.start_backend(far.name, { host: far.node.there.address, prefix: far.node.prefix }));
    field.settings = { backends: field.backends, log: { access: false }, ...settings };
    field.limpet = field.add(await Limpet.start(field.settings));
    field.admin = field.limpet.admin;
    field.clients = await Promise.all(Array.from({ length: kClientProcesses }, (_, i) => field.start_clients(i)));
    return field;
  }
  add(actor) {
    this.actors.push(actor);
    return actor;
  }
  start_backend(name, where = {}) {
    const backend = this.add(new TrafficBackend(name, { rate: this.rate, on_news: this.ledger.note_backend, ...where }));
    this.all_backends.push(backend);
    return backend.start();
  }
  start_clients(i) {
    const { sessions, rate, seed, ledger } = this;
    const count = Math.ceil((sessions - i) / kClientProcesses);
    const first = i * Math.ceil(sessions / kClientProcesses);
    const clients = this.add(new TrafficClients(`clients${i}`, { on_news: ledger.note_client }));
    return clients.start({ port: this.limpet.port, first, count, rate, seed });
  }
  backend(name) {
    return this.backends.find((one) => one.name === name);
  }

  // Every program of a kind, asked the same.
  ask_clients(word, order) {
    return Promise.all(this.clients.map((one) => one.ask(word, order)));
  }
  ask_backends(word, order) {
    return Promise.all(this.all_backends.filter((one) => one.is_running()).map((one) => one.ask(word, order)));
  }
  async ask_all(word, order) {
    return [...(await this.ask_clients(word, order)), ...(await this.ask_backends(word, order))];
  }
  async count() {
    return (await this.ask_clients("count")).reduce((sum, count) => sum + count, 0);
  }
  async open() {
    await this.ask_clients("open");
    await this.all_served({ within: kOpenMs });
  }
  async all_served({ within }) {
    await until(async () => (await this.count()) === this.sessions, { within, what: `all ${this.sessions} clients have a session` });
  }
  async longest_away_ms() {
    return Math.max(...(await this.ask_clients("longest_away_ms")));
  }

  // Everybody falls silent, and what was under way arrives; then both ends of every live session must have said and heard the same.
  // Answers {sessions, messages, bytes, unequal: [...]}.
  async settle_accounts() {
    await this.ask_all("speak", { on: false });
    await until(async () => (await this.ask_all("is_quiet")).every(Boolean), { within: kQuietMs, what: "all have said what they say" });
    let accounts;
    const is_level = async () => (accounts = await this.compare()).unequal.length === 0;
    await until(is_level, { within: kQuietMs, what: "all that was said arrives" }).catch(() => {});
    for (const pair of accounts.unequal) this.judge.breach("a live session lost something", pair);
    await this.ask_all("speak", { on: true });
    return accounts;
  }
  async compare() {
    const clients = (await this.ask_clients("live")).flat();
    const backends = new Map((await this.ask_backends("live")).flat().map((books) => [key_of(books), books]));
    const accounts = { sessions: clients.length, messages: 0, bytes: 0, worst_pong_ms: 0, unequal: [] };
    for (const client of clients) {
      const backend = backends.get(key_of(client));
      accounts.messages += client.received + (backend?.received ?? 0);
      accounts.bytes += client.bytes + (backend?.bytes ?? 0);
      accounts.worst_pong_ms = Math.max(accounts.worst_pong_ms, client.worst_pong_ms);
      if (!is_equal(client, backend)) accounts.unequal.push({ client, backend });
    }
    return accounts;
  }

  // Whether this limpet has the call; another mistake in it is an answer too.
  async has_call(path) {
    const answer = await this.admin.answer(path, { method: "POST" });
    return !(answer.status === 404 && answer.body.toString().includes("no such call"));
  }
  async has_command(word) {
    return (await limpet_command("--help")).stdout.includes(`  ${word}`);
  }
  post(path, body, method = "POST") {
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    return this.admin.answer(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  }
  async must_post(path, body, method) {
    const answer = await this.post(path, body, method);
    if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body.toString() || "{}");
  }
  totals() {
    return this.admin.json("/v1/status").then(({ totals }) => totals);
  }

  // The process that serves: the newest of those that run this field's file.
  pid() {
    return this.processes().at(-1);
  }
  pss_bytes(pid = this.pid()) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(text)[1]);
  }
  descriptors(pid = this.pid()) {
    return readdirSync(`/proc/${pid}/fd`).length;
  }
  // Whether the log says that the backend was down at some time between `from` and `until`.
  was_out(name, from, until) {
    let is_out = false;
    for (const { backend, to, time } of this.limpet.events("health")) {
      const at = Date.parse(time);
      if (backend !== name || at > until) continue;
      if (at > from && is_out) return true;
      is_out = to === "down";
    }
    return is_out;
  }
  // Every process that runs this field's file, the oldest first.
  processes() {
    const pids = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && command_line(pid).includes(this.limpet.file));
    return pids.sort((one, other) => started_at(one) - started_at(other)).map(Number);
  }
  async clear() {
    // Those that the first one started.
    for (const pid of this.processes()) if (pid !== this.limpet.pid) process.kill(pid, "SIGKILL");
    for (const actor of this.actors.reverse()) await actor.stop();
  }
}

function is_equal(client, backend) {
  if (!backend) return false;
  const faults = [client, backend].some((end) => end.lost + end.repeated + end.reordered + end.corrupt > 0);
  return !faults && client.sent === backend.received && backend.sent === client.received;
}

function command_line(pid) {
  const file = `/proc/${pid}/cmdline`;
  try {
    return existsSync(file) ? readFileSync(file, "latin1") : "";
  } catch {
    return ""; // it ended a moment ago
  }
}

// Ticks since the machine started (proc(5): field 22, counted behind the name).
function started_at(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
}
