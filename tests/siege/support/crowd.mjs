// Attackers in a process of their own, so that what they cost is not the test's time.
import { fileURLToPath } from "node:url";
import { Child } from "../../e2e/support/child.mjs";
import { until } from "../../e2e/support/until.mjs";

const kProgram = fileURLToPath(new URL("crowd_program.mjs", import.meta.url));
const kOpenMs = 60_000;

export class Crowd {
  // The plan: {port, count, at_once (how many connect at the same time), send (a text, `times` over), drip: {text, every_ms, after_ms},
  // reads (false: never), stubborn (goes on after limpet's FIN), leave: "reset" | "close" | "finish" | nothing (waits for the
  // other side), when: "sent" | "answered"}.
  constructor(plan) {
    this.child = new Child(process.execPath, [kProgram, JSON.stringify(plan)]);
  }
  told(word) {
    const line = this.child.output.split("\n").find((text) => text.startsWith(`{"${word}"`));
    if (!line && this.child.end) throw new Error(`the crowd ended before it told "${word}"\n${this.child.tail()}`);
    return line && JSON.parse(line);
  }
  // All are connected and have sent what they send at once.
  async open({ within = kOpenMs } = {}) {
    return until(() => this.told("open"), { within, what: "the crowd is there" });
  }
  // {count, statuses, reasons, endings, retry_after, shortest_ms, longest_ms, connect_ms}; times from connect to end.
  async done({ within = kOpenMs } = {}) {
    return (await until(() => this.told("done"), { within, what: "the end of the crowd" })).done;
  }
  // All at once, without a word.
  async vanish() {
    await this.child.kill();
  }
  async stop() {
    await this.child.kill();
  }
}
