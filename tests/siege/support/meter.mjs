// What a running limpet uses: memory, processor time, descriptors, and what it has counted.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const kTicksPerSecond = 100; // USER_HZ, the same on every Linux that Node runs on

export class Meter {
  constructor(limpet) {
    this.limpet = limpet;
    this.folder = `/proc/${limpet.pid}`;
  }

  status_bytes(field) {
    const text = readFileSync(`${this.folder}/status`, "utf8");
    return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)[1]);
  }
  resident_bytes() {
    return this.status_bytes("VmRSS");
  }
  // The most since `forget_peak`.
  peak_bytes() {
    return this.status_bytes("VmHWM");
  }
  forget_peak() {
    writeFileSync(`${this.folder}/clear_refs`, "5"); // proc(5): resets the peak resident set size
  }
  processor_s() {
    const text = readFileSync(`${this.folder}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // the third field comes first
    const [user, system] = [fields[11], fields[12]].map(Number);
    return (user + system) / kTicksPerSecond;
  }
  descriptors() {
    return readdirSync(`${this.folder}/fd`).length;
  }
  async totals() {
    return (await this.limpet.admin.json("/v1/status")).totals;
  }
}
