// A child process that is known by its pid and never outlives the test process.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { in_time, kPatienceMs } from "./until.mjs";

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill_now();
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
  process.on(signal, () => process.exit(1));
}

const kKeptLines = 400; // of a child's output, told when a test fails

export class Child {
  // `channel`: a Node program that also takes messages. `input`: its standard input is written to.
  constructor(command, args, { env = {}, cwd, channel = false, input = false } = {}) {
    this.lines = []; // standard error, whole lines
    this.output = ""; // standard output
    this.listeners = new Set();
    const stdio = [input ? "pipe" : "ignore", "pipe", "pipe", ...(channel ? ["ipc"] : [])];
    this.process = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio });
    this.pid = this.process.pid;
    running.add(this);
    this.exited = new Promise((resolve) => {
      this.process.on("error", (error) => resolve({ code: null, signal: null, error }));
      this.process.on("close", (code, signal) => resolve({ code, signal }));
    }).then((end) => {
      running.delete(this);
      this.end = end;
      this.listeners.forEach((listener) => listener());
      return end;
    });
    this.process.stdout.setEncoding("utf8").on("data", (text) => {
      this.output += text;
      this.listeners.forEach((listener) => listener());
    });
    let partial = "";
    this.process.stderr.setEncoding("utf8").on("data", (text) => {
      const lines = (partial + text).split("\n");
      partial = lines.pop();
      this.lines.push(...lines);
      this.listeners.forEach((listener) => listener());
    });
  }

  // The first truthy value of `look(this)`, tried at every piece of output; fails when the child ends first.
  async saw(look, what) {
    let listener;
    const seen = new Promise((resolve, reject) => {
      listener = () => {
        const value = look(this);
        if (value) resolve(value);
        else if (this.end) reject(new Error(`ended before ${what}: ${JSON.stringify(this.end)}\n${this.tail()}`));
      };
      this.listeners.add(listener);
      listener();
    });
    try {
      return await in_time(seen, { what });
    } finally {
      this.listeners.delete(listener);
    }
  }

  signal(name) {
    if (!this.end && this.pid) process.kill(this.pid, name);
  }
  freeze() {
    this.signal("SIGSTOP");
  }
  thaw() {
    this.signal("SIGCONT");
  }
  kill_now() {
    this.was_killed = true;
    try {
      this.signal("SIGKILL");
    } catch {
      // It ended a moment ago.
    }
  }
  async kill() {
    this.kill_now();
    return this.exit();
  }
  // Ended by itself, and not in good order.
  has_crashed() {
    return this.end !== undefined && !this.was_killed && this.end.code !== 0;
  }
  exit({ within = kPatienceMs } = {}) {
    return in_time(this.exited, { within, what: `the end of process ${this.pid}` });
  }

  // Memory in use, bytes.
  resident_bytes() {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))[1]);
  }
  tail() {
    return this.lines.slice(-kKeptLines).join("\n");
  }
}

// Runs a program to its end.
export async function run_program(command, args, { within = kPatienceMs, ...options } = {}) {
  const child = new Child(command, args, options);
  try {
    const { code, signal } = await child.exit({ within });
    return { code, signal, stdout: child.output, stderr: child.lines.join("\n") };
  } finally {
    child.kill_now();
  }
}
