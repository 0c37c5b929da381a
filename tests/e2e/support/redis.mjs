// A real Redis of the test's own, on a free port, that keeps nothing on disk.
import { existsSync } from "node:fs";
import { Child } from "./child.mjs";
import { Connection } from "./connection.mjs";
import { free_address } from "./haproxy.mjs";
import { kSlowness, until } from "./until.mjs";

const kProgram = "/usr/bin/redis-server";
export const no_redis = existsSync(kProgram) ? false : `${kProgram} is not installed (scripts/setup installs it)`;

export class Redis {
  // `args`: further words of the command line, like "--requirepass x".
  static async start(stage, args = []) {
    const redis = new Redis();
    const [host, port] = (await free_address()).split(":");
    Object.assign(redis, { stage, host, port: Number(port), args });
    stage.add(redis);
    await redis.run();
    return redis;
  }
  // Again, at the same place and empty, when it was killed.
  async run() {
    const { host, port, args } = this;
    const where = ["--bind", host, "--port", String(port), "--dir", this.stage.folder()];
    this.child = new Child(kProgram, [...where, "--save", "", "--appendonly", "no", "--protected-mode", "no", ...args]);
    await until(async () => {
      if (this.child.end) throw new Error(`redis ended: ${this.child.output}`);
      return /^[+-]/.test(await this.ask("PING"));
    }, { what: "redis answers" });
  }
  get url() {
    return `redis://${this.host}:${this.port}`;
  }

  // One command; its answer as it stands on the wire: "+OK", "$3", ":1", "-ERR ...". `body` also reads the text of a "$".
  async ask(...words) {
    const connection = await Connection.open({ host: this.host, port: this.port });
    try {
      connection.send(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
      const line = (await connection.read_through("\r\n")).trimEnd();
      if (!line.startsWith("$") || line === "$-1") return line;
      return (await connection.read(Number(line.slice(1)))).toString();
    } finally {
      connection.close();
    }
  }

  freeze() {
    this.child.freeze();
  }
  thaw() {
    this.child.thaw();
  }
  async kill() {
    await this.child.kill();
  }
  stop() {
    return this.kill();
  }
}

// The state section of a configuration for it.
// Under sanitizers a decision waits longer for the Redis, for the sake of which the stories are told.
const patient = kSlowness > 1 ? { timeout: "1s" } : {};
export const state_of = (redis, more = {}) => ({ store: "redis", file: "off", redis: { url: redis.url, ...patient, ...more } });

export async function until_shared(limpet, state = "up", fault) {
  await until(
    async () => {
      const { shared_state } = await limpet.admin.json("/v1/status");
      return shared_state.state === state && (!fault || shared_state.fault === fault);
    },
    { what: `the shared state is ${state} ${fault ?? ""}` },
  );
}
