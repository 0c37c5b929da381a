// Memory over time: proportional set size of limpet, looked at again and again.

const kEveryMs = 1000;
const kShareOfGrowth = 0.1;
const kSpareBytes = 4 * 1024 * 1024; // chunks that are kept for the next slow reader, arenas of the allocator
const kMiB = 1024 * 1024;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

export class MemoryWatch {
  // `read()` answers bytes, or throws while there is nothing to be read.
  constructor(read, { every_ms = kEveryMs } = {}) {
    this.samples = [];
    this.begun_at = performance.now();
    this.timer = setInterval(() => this.look(read), every_ms);
  }
  look(read) {
    try {
      this.samples.push({ at: performance.now() - this.begun_at, bytes: read() });
    } catch {
      // One process hands over to the next.
    }
  }
  stop() {
    clearInterval(this.timer);
  }
  // Flat: the last quarter of what came after `from_ms` beside its first quarter.
  judge(verdicts, { from_ms }) {
    const after = this.samples.filter(({ at }) => at >= from_ms).map(({ bytes }) => bytes);
    const all = this.samples.map(({ bytes }) => bytes);
    verdicts.tell("memory (PSS) at the most, MiB", (Math.max(...all) / kMiB).toFixed(1));
    if (after.length < 8) {
      verdicts.tell("memory is judged after", `${from_ms / 1000} s; this run was shorter`);
      return;
    }
    const quarter = after.length >> 2;
    const [first, last] = [median(after.slice(0, quarter)), median(after.slice(-quarter))];
    verdicts.at_most(`memory at the end, beside ${(first / kMiB).toFixed(1)} MiB at first`, last / kMiB, (first * (1 + kShareOfGrowth) + kSpareBytes) / kMiB, " MiB");
  }
}
