// One limpet after another: the process that was started by the test, and those that have followed it. They share standard error.
import { Admin } from "./admin.mjs";
import { until } from "./until.mjs";

const is_alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

export class Succession {
  // `limpet` is running; whoever follows it ends with the stage.
  constructor(stage, limpet) {
    Object.assign(this, { limpet, pids: [limpet.pid] });
    this.exit = new Promise((resolve) => limpet.process.on("exit", (code, signal) => resolve({ code, signal })));
    stage.add({ stop: () => this.kill_followers() });
  }
  // Of the process that serves.
  get pid() {
    return this.pids.at(-1);
  }
  get admin() {
    return this.limpet.admin;
  }
  kill_followers() {
    for (const pid of this.pids.slice(1)) {
      if (is_alive(pid)) process.kill(pid, "SIGKILL");
    }
  }
  events(name) {
    return this.limpet.events(name);
  }
  // The status as the process that serves tells it; a client of its own each time.
  status() {
    return new Admin(this.admin.url).json("/v1/status");
  }

  // Asks for an upgrade over the admin endpoint: the answer.
  async ask() {
    const answer = await this.admin.answer("/v1/upgrade", { method: "POST" });
    if (answer.status === 200) await this.learn_follower();
    return answer;
  }
  // By signal, until the new process serves.
  async upgrade() {
    process.kill(this.pid, "SIGUSR2");
    return this.learn_follower();
  }
  async learn_follower() {
    await until(() => this.events("upgraded").length >= this.pids.length, { what: "another process serves" });
    this.pids.push(this.events("upgraded").at(-1).successor);
    return this.pid;
  }
  async until_gone(pid = this.pids.at(-2)) {
    await until(() => !is_alive(pid) || (pid === this.limpet.pid && this.limpet.process.exitCode !== null), {
      what: `process ${pid} has left`,
    });
  }
}
