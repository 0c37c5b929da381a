// GET /metrics, read strictly: what breaks the text format 0.0.4, or its conventions, throws.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const kTypes = new Set(["counter", "gauge", "histogram"]);
const kHelp = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const kType = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) ([a-z]+)$/;
const kSample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const kLabel = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;

function read_labels(text) {
  const labels = {};
  for (let rest = text; rest; ) {
    const found = kLabel.exec(rest);
    assert.ok(found, `labels: ${text}`);
    assert.ok(!(found[1] in labels), `${found[1]} twice: ${text}`);
    labels[found[1]] = found[2].replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
    rest = rest.slice(found[0].length);
  }
  return labels;
}

function check_sample(family, name, value) {
  const suffix = name.slice(family.name.length);
  assert.ok(name.startsWith(family.name), `${name} stands under ${family.name}`);
  const allowed = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
  assert.ok(allowed.includes(suffix), `${name} is no sample of a ${family.type}`);
  if (family.type === "counter") assert.ok(value >= 0, `${name} ${value}`);
}

export class Metrics {
  constructor(text) {
    this.text = text;
    this.samples = [];
    this.families = new Map();
    assert.ok(text.endsWith("\n"));
    const seen = new Set();
    let family;
    for (const line of text.slice(0, -1).split("\n")) {
      const help = kHelp.exec(line);
      const type = kType.exec(line);
      if (help) {
        assert.ok(!this.families.has(help[1]), `${help[1]} begins twice`);
        family = { name: help[1], type: undefined };
        this.families.set(help[1], family);
      } else if (type) {
        assert.equal(type[1], family?.name, line);
        assert.ok(family.type === undefined && kTypes.has(type[2]), line);
        assert.equal(type[1].endsWith("_total"), type[2] === "counter", line);
        family.type = type[2];
      } else {
        const sample = kSample.exec(line);
        assert.ok(sample && family?.type, `not a sample: ${line}`);
        const series = line.slice(0, line.lastIndexOf(" "));
        assert.ok(!seen.has(series), `twice: ${series}`);
        seen.add(series);
        const value = Number(sample[3].replace("Inf", "Infinity"));
        check_sample(family, sample[1], value);
        this.samples.push({ name: sample[1], labels: read_labels(sample[2] ?? ""), value });
      }
    }
    this.check_histograms();
  }

  check_histograms() {
    for (const { name, labels, value } of this.samples) {
      if (!name.endsWith("_count")) continue;
      const base = name.slice(0, -"_count".length);
      const buckets = this.find(`${base}_bucket`, labels);
      if (buckets.length === 0) continue;
      const counts = buckets.map((bucket) => bucket.value);
      assert.deepEqual(counts, [...counts].sort((a, b) => a - b), `${name} is cumulative`);
      assert.equal(buckets.at(-1).labels.le, "+Inf", name);
      assert.equal(counts.at(-1), value, name);
    }
  }

  // Every sample with these labels, whatever else it has.
  find(name, labels = {}) {
    return this.samples.filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  }
  // Their sum: 0 when there is none, as for a counter that has not begun.
  sum(name, labels = {}) {
    return this.find(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

export async function read_metrics(admin) {
  const answer = await admin.answer("/metrics");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  return new Metrics(answer.body.toString());
}

// As scripts/setup fetches it, where it is not installed.
const kFetched = new URL("../../../build/tools/promtool", import.meta.url).pathname;

// What `promtool ARGS` says; none where there is none.
export function promtool(args, input) {
  const program = process.env.LIMPET_PROMTOOL ?? (existsSync(kFetched) ? kFetched : "promtool");
  const run = spawnSync(program, args, { input, encoding: "utf8" });
  return run.error ? undefined : { status: run.status, said: run.stdout + run.stderr };
}
