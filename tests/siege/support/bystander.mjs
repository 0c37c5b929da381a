// The bystander as a test sees it: a backend, and a session that talks all the time.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Child } from "../../e2e/support/child.mjs";
import { get } from "../../e2e/support/http_client.mjs";
import { kBystanderBoundMs, kBystanderEveryMs } from "./bounds.mjs";

const kProgram = fileURLToPath(new URL("bystander_program.mjs", import.meta.url));

export class Bystander {
  name = "bystander";

  async start() {
    this.child = new Child(process.execPath, [kProgram, String(kBystanderEveryMs)]);
    this.port = await this.child.saw(
      ({ output }) => output.includes("\n") && JSON.parse(output.split("\n", 1)[0]).listening,
      "the bystander listens",
    );
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }
  as_backend() {
    return { name: this.name, address: `127.0.0.1:${this.port}` };
  }
  // `tls`: {ca, cert, key}, paths; nothing = in plain text.
  async begin(limpet_port, tls = null) {
    const answer = await get(`${this.url}/begin?port=${limpet_port}&tls=${encodeURIComponent(JSON.stringify(tls))}`);
    assert.equal(answer.body.toString(), "101", "the bystander's session is open");
  }
  // What it saw, which must be all that was sent, in order and in time.
  async expect_unharmed() {
    const seen = JSON.parse((await get(`${this.url}/report`)).body);
    const told = JSON.stringify(seen);
    assert.ok(seen.sent > 0, "the bystander spoke");
    assert.equal(seen.ended, false, `the bystander's session goes on: ${told}`);
    assert.equal(seen.received, seen.sent, `every message of the bystander came back: ${told}`);
    assert.equal(seen.wrong, 0, `in order and unchanged: ${told}`);
    assert.ok(seen.worst_ms < kBystanderBoundMs, `none was late: ${told}`);
    return seen;
  }
  async stop() {
    await this.child.kill();
  }
}
