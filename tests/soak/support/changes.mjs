// Changing the configuration of a running limpet: the file, and the order to read it.
import { readFileSync, writeFileSync } from "node:fs";

export class Changes {
  constructor(field) {
    this.field = field;
    this.text = readFileSync(field.limpet.file, "utf8");
    this.settings = JSON.parse(this.text);
  }
  write(settings) {
    this.write_text(JSON.stringify(settings, null, 1));
  }
  write_text(text) {
    writeFileSync(this.field.limpet.file, text);
  }
  // Answers the answer; the file holds what it held before when that is refused.
  async apply(change) {
    const next = structuredClone(this.settings);
    change(next);
    this.write(next);
    const answer = await this.field.post("/v1/reload");
    if (answer.status < 300) this.settings = next;
    else this.write(this.settings);
    return answer;
  }
  async must_apply(change) {
    const answer = await this.apply(change);
    if (answer.status >= 300) throw new Error(`the reload was refused: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body.toString() || "{}");
  }
  async apply_text(text) {
    this.write_text(text);
    const answer = await this.field.post("/v1/reload");
    this.write(this.settings);
    return answer;
  }
  generation() {
    return this.field.admin.json("/v1/status").then(({ generation }) => generation);
  }
}

// Files that must be refused, each for a reason of its own.
export const kBadFiles = [
  "backends: [",
  "",
  '{"backends": [], "listeners": [{"bind": "127.0.0.1:0"}]}',
  '{"listeners": [{"bind": "127.0.0.1:0"}], "backends": [{"name": "b1", "adress": "127.0.0.1:1"}]}',
  '{"listeners": [{"bind": "nowhere"}], "backends": [{"address": "127.0.0.1:1"}]}',
  '{"listeners": [{"bind": "127.0.0.1:0"}], "backends": [{"name": "x", "address": "127.0.0.1:1"}, {"name": "x", "address": "127.0.0.1:2"}]}',
];
