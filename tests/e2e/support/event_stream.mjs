// GET /v1/stream of the admin endpoint, as its client sees it.
import http from "node:http";
import { until } from "./until.mjs";

export class EventStream {
  heard = []; // {name, said}
  is_over = false;

  static open(url, headers = {}) {
    return new Promise((resolve, reject) => {
      http.get(url, { headers, agent: false }, (answer) => resolve(new EventStream(answer))).on("error", reject);
    });
  }
  constructor(answer) {
    Object.assign(this, { answer, status: answer.statusCode, headers: answer.headers });
    let text = "";
    answer.setEncoding("utf8").on("data", (piece) => {
      const parts = (text + piece).split("\n\n");
      text = parts.pop();
      for (const part of parts) {
        const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(part);
        this.heard.push({ name, said: JSON.parse(data) });
      }
      this.rest = text;
    });
    answer.on("close", () => (this.is_over = true)).on("error", () => {});
  }
  // The newest of that name for which `fits` holds.
  hears(name, fits = () => true) {
    return until(() => this.heard.findLast((event) => event.name === name && fits(event.said))?.said, { what: `the stream tells ${name}` });
  }
  stop() {
    this.answer.destroy();
  }
}
