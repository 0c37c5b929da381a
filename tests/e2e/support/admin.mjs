// The admin endpoint, read as JSON.
import { get } from "./http_client.mjs";
import { until } from "./until.mjs";

export class Admin {
  constructor(url) {
    this.url = url;
  }

  async answer(path, options) {
    return get(this.url + path, options);
  }
  async json(path, { status = 200, ...options } = {}) {
    const answer = await this.answer(path, options);
    if (answer.status !== status) {
      throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
    }
    return JSON.parse(answer.body.toString());
  }
  async until_ready() {
    await until(async () => (await this.answer("/readyz")).status === 200, { what: "readyz answers 200" });
  }

  async backends() {
    return (await this.json("/v1/backends")).backends;
  }
  async backend(name) {
    return (await this.backends()).find((backend) => backend.name === name);
  }
  async until_health(name, health, options) {
    await until(async () => (await this.backend(name)).health === health, {
      what: `${name} is ${health}`,
      ...options,
    });
  }
  // Every entry, page by page.
  async affinity(query = {}) {
    const entries = [];
    let cursor;
    do {
      const words = new URLSearchParams({ ...query, ...(cursor ? { cursor } : {}) });
      const page = await this.json(`/v1/affinity?${words}`);
      entries.push(...page.entries);
      cursor = page.next;
    } while (cursor);
    return entries;
  }
  async sessions() {
    return (await this.json("/v1/sessions")).sessions;
  }
}
