// One test: a stage on which limpet, servers and clients are put, and which is cleared whatever happens.
import test from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpBackend, ScriptedBackend, ServerProcess } from "./backends.mjs";
import { Connection } from "./connection.mjs";
import { Limpet } from "./limpet.mjs";
import { WebSocketClient } from "./websocket_client.mjs";
import { in_time } from "./until.mjs";

const kTestMs = 90_000;

export function scenario(name, play, { within = kTestMs, skip = false } = {}) {
  test(name, { skip }, async (t) => {
    const stage = new Stage();
    try {
      await in_time(play(stage, t), { within, what: "the end of the test" });
      stage.expect_no_crash();
    } catch (error) {
      stage.tell((line) => t.diagnostic(line));
      throw error;
    } finally {
      await stage.clear();
    }
  });
}

class Stage {
  constructor() {
    this.actors = []; // {stop()} each, cleared last to first
    this.limpets = [];
  }
  add(actor) {
    this.actors.push(actor);
    return actor;
  }

  async start_limpet(settings, options) {
    const limpet = await Limpet.start(settings, options);
    this.limpets.push(limpet);
    return this.add(limpet);
  }
  start_server(kind, name, options) {
    return this.add(new ServerProcess(kind, name, options)).start();
  }
  start_servers(kind, ...names) {
    return Promise.all(names.map((name) => this.start_server(kind, name)));
  }
  // A TCP backend whose part is played by `script(connection, number)`.
  script_backend(script, { name, where } = {}) {
    return this.add(new ScriptedBackend(script, name)).start(where);
  }
  serve_http(handler, { name, ...options } = {}) {
    return this.add(new HttpBackend(handler, name, options)).start();
  }
  async connect(to, options) {
    const connection = await Connection.open(to, options);
    this.add({ stop: () => connection.close() });
    return connection;
  }
  // A WebSocket client that is open.
  async open_websocket(url, options) {
    const client = new WebSocketClient(url, options);
    this.add({ stop: () => client.terminate() });
    await client.opened;
    return client;
  }
  folder() {
    const folder = mkdtempSync(join(tmpdir(), "limpet-e2e-"));
    this.add({ stop: () => rmSync(folder, { recursive: true, force: true }) });
    return folder;
  }

  expect_no_crash() {
    for (const limpet of this.limpets) {
      if (limpet.has_crashed()) throw new Error(`limpet ended by itself: ${JSON.stringify(limpet.end)}`);
    }
  }
  tell(say) {
    for (const limpet of this.limpets) {
      say(`log of limpet ${limpet.pid}${limpet.end ? `, which ended: ${JSON.stringify(limpet.end)}` : ""}`);
      limpet.tail().split("\n").slice(-60).forEach(say);
    }
    for (const { name, errors = [] } of this.actors) {
      errors.forEach((error) => say(`backend ${name}: ${error.message}`));
    }
  }
  async clear() {
    for (const actor of this.actors.reverse()) {
      try {
        await actor.stop();
      } catch (error) {
        console.error("while clearing the stage:", error);
      }
    }
  }
}
