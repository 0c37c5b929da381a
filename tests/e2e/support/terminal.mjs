// A terminal with a program on it, and somebody before it: what the screen shows, and keys.
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { Child } from "./child.mjs";
import { kBinary } from "./limpet.mjs";
import { until } from "./until.mjs";

const kDriver = fileURLToPath(new URL("terminal.py", import.meta.url));

// As much of a terminal as limpet makes use of. Anything else it is told to do is kept in `unknown`.
class Screen {
  rows = [];
  at = [0, 0];
  modes = new Set(); // of the private ones: 1049 another screen; 25 and 7 are on unless they were taken away
  taken_away = new Set();
  unknown = [];

  write(text) {
    const pieces = text.match(/\x1b\[[?0-9;]*[A-Za-z]|\x1b.?|[\r\n\b\x07]|[^\x00-\x1f\x7f]+|[\x00-\x1f\x7f]/gu) ?? [];
    for (const piece of pieces) this.obey(piece);
  }
  obey(piece) {
    const [row, column] = this.at;
    const [, marks, letter] = /^\x1b\[([?0-9;]*)([A-Za-z])$/.exec(piece) ?? [];
    if (letter === "H") this.at = marks ? marks.split(";").map((number) => number - 1) : [0, 0];
    else if (letter === "J" && marks === "2") this.rows = [];
    else if (letter === "K") this.rows[row] = (this.rows[row] ?? "").slice(0, column);
    else if (letter === "m") return;
    else if (letter === "h" || letter === "l") this.set(marks, letter === "h");
    else if (piece === "\r") this.at = [row, 0];
    else if (piece === "\n") this.at = [row + 1, column];
    else if (/[\x00-\x1f\x7f]/.test(piece)) this.unknown.push(piece);
    else this.put(piece);
  }
  set(mode, is_on) {
    if (mode === "?1049") this.modes[is_on ? "add" : "delete"](mode);
    else if (mode === "?25" || mode === "?7") this.taken_away[is_on ? "delete" : "add"](mode);
    else this.unknown.push(mode);
    if (mode === "?1049") [this.rows, this.at] = [[], [0, 0]];
  }
  put(text) {
    const [row, column] = this.at;
    const before = (this.rows[row] ?? "").padEnd(column);
    this.rows[row] = before.slice(0, column) + text + before.slice(column + text.length);
    this.at = [row, column + text.length];
  }
  get text() {
    return Array.from(this.rows, (row) => (row ?? "").trimEnd()).join("\n");
  }
  get is_as_before() {
    return this.modes.size === 0 && this.taken_away.size === 0;
  }
}

export class Terminal extends Child {
  constructor(args, { rows = 30, columns = 120, kind = "xterm", env = {} } = {}) {
    super("/usr/bin/python3", [kDriver, String(rows), String(columns), kBinary, ...args], {
      env: { ...env, TEST_TERM: kind },
      input: true,
    });
    this.screen = new Screen();
    this.raw = "";
    let partial = "";
    this.process.stdout.on("data", (text) => {
      const lines = (partial + text).split("\n");
      partial = lines.pop();
      for (const line of lines) this.hear(JSON.parse(line));
    });
  }
  hear({ pid, output, ...end }) {
    if (pid !== undefined) this.program = pid;
    else if (output !== undefined) {
      const text = Buffer.from(output, "base64").toString();
      this.raw += text;
      this.screen.write(text);
    } else this.program_end = end;
  }
  say(order) {
    this.process.stdin.write(`${JSON.stringify(order)}\n`);
  }
  type(keys) {
    this.say({ keys });
  }
  resize(rows, columns) {
    this.say({ size: [rows, columns] });
  }
  send(signal) {
    this.say({ signal: constants.signals[signal] });
  }
  // Until the screen shows it.
  sees(pattern, options) {
    return this.until(() => pattern.exec(this.screen.text), { what: `the terminal shows ${pattern}`, ...options });
  }
  // Until what is on the screen is so.
  async until(condition, options) {
    try {
      return await until(condition, options);
    } catch (error) {
      error.message += `\nbut:\n${this.screen.text}`;
      throw error;
    }
  }
  // How the program ended.
  ended(options) {
    return until(() => this.program_end, { what: "the end of the program on the terminal", ...options });
  }
  stop() {
    return this.kill();
  }
}
