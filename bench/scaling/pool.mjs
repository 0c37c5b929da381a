// What one answer to horizontal scaling is made of, running: three Socket.IO servers, a Redis where one is needed, and as many
// nodes of limpet as it is meant to have, with its file of conf/. Only addresses differ from what is written there.
import { copyFileSync, existsSync, readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "../../tests/e2e/support/backends.mjs";
import { free_address } from "../../tests/e2e/support/haproxy.mjs";
import { kBinary, Limpet } from "../../tests/e2e/support/limpet.mjs";
import { Redis, until_shared } from "../../tests/e2e/support/redis.mjs";

const kConf = new URL("../../conf/", import.meta.url);
const kServers = ["app1", "app2", "app3"];
const kFirstPort = 3000; // of the servers, in the files of conf

export const kAnswers = {
  sticky: { adapter: "none", nodes: 1 },
  shared: { adapter: "redis", nodes: 1 },
  hybrid: { adapter: "redis", nodes: 2 },
};

const text_of = (name) => readFileSync(new URL(`${name}.yaml`, kConf), "utf8");
// Lines that say something.
export const lines_of_configuration = (name) => text_of(name).split("\n").filter((line) => /^\s*[^\s#]/.test(line)).length;

export class Pool {
  actors = []; // {stop()} each
  limpets = [];

  static async start(name) {
    const pool = new Pool();
    Object.assign(pool, { name, ...kAnswers[name] });
    try {
      if (pool.adapter !== "none") pool.redis = await Redis.start(pool);
      pool.servers = await Promise.all(kServers.map((server) => pool.start_server(server)));
      for (let i = 0; i < pool.nodes; ++i) await pool.start_limpet(i, await free_address());
    } catch (error) {
      await pool.stop();
      throw error;
    }
    return pool;
  }
  add(actor) {
    this.actors.push(actor);
    return actor;
  }
  folder() {
    const folder = mkdtempSync(join(tmpdir(), "limpet-modes-"));
    this.add({ stop: () => rmSync(folder, { recursive: true, force: true }) });
    return folder;
  }
  start_server(server) {
    return this.add(new ServerProcess("socketio", server, { more: [this.adapter, this.redis?.url ?? ""] })).start();
  }

  // Each node has a folder, for its key and its pins, as on a machine of its own; all have the key that the first has made.
  async start_limpet(i, address) {
    const folder = this.folder();
    const key = join(folder, "cookie.key");
    if (existsSync(this.key ?? "")) copyFileSync(this.key, key);
    this.key ??= key;
    let text = text_of(this.name).replace("0.0.0.0:8080", address);
    this.servers.forEach(({ host, port }, at) => (text = text.replace(`127.0.0.1:${kFirstPort + at}`, `${host}:${port}`)));
    const file = join(folder, "limpet.yaml");
    writeFileSync(file, `${text}\nadmin:\n  bind: 127.0.0.1:0\n`);
    await this.run_limpet(i, file, { LIMPET_SECRET_FILE: key, ...(this.redis && { LIMPET_REDIS_URL: this.redis.url }) });
  }
  async run_limpet(i, file, env) {
    const limpet = this.add(new Limpet(kBinary, ["run", file], { env }));
    Object.assign(limpet, { folder: join(file, ".."), again: () => this.run_limpet(i, file, env) });
    this.limpets[i] = limpet;
    await limpet.learn_addresses({ listeners: [{}], admin: {} });
    await limpet.admin.until_ready();
    if (text_of(this.name).includes("store: redis")) await until_shared(limpet);
  }

  // Where clients come in.
  get addresses() {
    return this.limpets.map(({ address }) => address);
  }
  processes() {
    return this.servers.length + this.limpets.length + (this.redis ? 1 : 0);
  }
  async until_up(server) {
    for (const limpet of this.limpets) await limpet.admin.until_health(server.name, "up");
  }
  async stop() {
    for (const actor of this.actors.reverse()) await actor.stop();
  }
}

// Proportional set size, bytes.
export function memory_of({ pid }) {
  return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]);
}
