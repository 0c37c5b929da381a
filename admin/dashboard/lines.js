// Time lines of the last hour, from the totals that limpet keeps.
import { by_id, clock_time, drawing, duration, element, number, set_text } from "./dom.js";

const kHeight = 90;
const kTop = 14;
const kHourMs = 3_600_000;
const kLeastMs = 60_000; // a limpet that has just begun has a short past
const kMostSamples = 720;

// Each line is a gauge, or the rate of a total.
const kCharts = [
  { title: "sessions", lines: [{ column: "sessions" }] },
  { title: "handshakes/s, ends/s (dashed)", lines: [{ column: "sessions_opened", rate: true }, { column: "sessions_ended", rate: true }] },
  { title: "messages/s", lines: [{ column: "messages", rate: true }] },
  { title: "requests/s", lines: [{ column: "requests", rate: true }] },
  { title: "errors/s, failed attempts/s (dashed)", lines: [{ column: "errors", rate: true }, { column: "backend_attempts_failed", rate: true }] },
];

export class Lines {
  columns = [];
  samples = [];
  last = 0;

  // `answer` of GET /v1/history with the `last` of before.
  add({ last, columns, samples }) {
    if (last < this.last) this.samples = [];
    this.columns = columns;
    this.samples = [...this.samples, ...samples].slice(-kMostSamples);
    const has_more = samples.length > 0;
    this.last = last;
    return has_more;
  }

  // [time, value] of one line.
  points({ column, rate }) {
    const at = this.columns.indexOf(column);
    if (!rate) return this.samples.map((sample) => [sample[0], sample[at]]);
    return this.samples.slice(1).map((sample, i) => {
      const before = this.samples[i];
      return [sample[0], Math.max(0, (sample[at] - before[at]) / Math.max(1, sample[0] - before[0])) * 1000];
    });
  }

  show() {
    const place = by_id("lines");
    if (place.childElementCount === 0) place.append(...kCharts.map(() => element("figure", {}, element("figcaption"), element("div"))));
    kCharts.forEach((chart, i) => this.draw(chart, place.children[i]));
  }

  draw({ title, lines }, figure) {
    const [caption, frame] = figure.children;
    const width = Math.max(150, Math.floor(frame.clientWidth));
    const sets = lines.map((line) => this.points(line));
    const values = sets.flat().map(([, value]) => value);
    const most = Math.max(1, ...values);
    const now = this.samples.at(-1)?.[0] ?? 0;
    const span = Math.min(kHourMs, Math.max(kLeastMs, now - (this.samples[0]?.[0] ?? now)));
    const x = (time) => width * (1 - (now - time) / span);
    const y = (value) => kTop + (kHeight - kTop - 2) * (1 - value / most);
    const path = (points) => points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const latest = sets.map((points) => number(points.at(-1)?.[1] ?? 0)).join(", ");
    set_text(caption, `${title}: ${latest}`);
    const label = values.length ? `${title}: now ${latest}, at most ${number(most)} since ${clock_time(this.samples[0][0])}` : `${title}: nothing yet`;
    frame.replaceChildren(
      drawing("svg", { role: "img", "aria-label": label, viewBox: `0 0 ${width} ${kHeight}` },
        drawing("line", { class: "axis", x1: 0, x2: width, y1: kHeight - 1, y2: kHeight - 1 }),
        drawing("line", { class: "axis", x1: 0, x2: width, y1: kTop, y2: kTop }),
        drawing("text", { class: "soft", x: 0, y: 11 }, number(most)),
        drawing("text", { class: "soft", x: width, y: 11, "text-anchor": "end" }, duration(span / 1000)),
        ...sets.map((points, i) => drawing("polyline", { class: i ? "line second" : "line", points: path(points) })),
      ),
    );
  }
}
