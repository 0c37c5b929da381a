// The field of the storm: a proxy with TLS in front (limpet, or nginx to compare), bystanders with a backend of their own, and the crowd
// that is to come, with another.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "../../e2e/support/backends.mjs";
import { Limpet } from "../../e2e/support/limpet.mjs";
import { Pki } from "../../e2e/support/tls.mjs";
import { Program } from "../../e2e/support/traffic.mjs";
import { start_nginx } from "./nginx.mjs";

const program = (file) => fileURLToPath(new URL(file, import.meta.url));

export class StormField {
  actors = [];

  // `proxy`: "limpet" or "nginx"; `talk`: messages a second of each bystander; `head_ms`: for a handshake and a request.
  static async lay({ proxy, ...plan }) {
    const field = new StormField();
    try {
      await field.start(proxy, plan);
    } catch (error) {
      await field.clear();
      throw error;
    }
    return field;
  }
  add(actor) {
    this.actors.push(actor);
    return actor;
  }
  async start(proxy, { bystanders, talk, clients, head_ms }) {
    const folder = mkdtempSync(join(tmpdir(), "limpet-storm-"));
    this.add({ stop: () => rmSync(folder, { recursive: true, force: true }) });
    const pki = new Pki(folder);
    const pair = pki.issue("site", "DNS:localhost,IP:127.0.0.1");
    const start_server = (name) => this.add(new ServerProcess("websocket", name)).start();
    const routes = { "/bystander": await start_server("calm"), "/": await start_server("crowded") };
    const start_proxy = proxy === "nginx" ? start_nginx : start_limpet;
    this.proxy = this.add(await start_proxy({ folder, pair, routes, head_ms }));
    if (proxy === "limpet") this.limpet = this.proxy;
    const { host = "127.0.0.1", port } = this.proxy;
    const where = { host, port, ca: pki.ca };
    this.bystanders = await this.launch("bystanders_program.mjs", { ...where, path: "/bystander", count: bystanders, per_s: talk });
    this.crowd = await this.launch("storm_program.mjs", { ...where, path: "/", count: clients });
  }
  async launch(file, plan) {
    const one = this.add(new Program(program(file)));
    one.name = file;
    await one.launch(plan);
    return one;
  }
  async clear() {
    for (const actor of this.actors.reverse()) await actor.stop();
    this.actors = [];
  }
}

function start_limpet({ pair, routes, head_ms }) {
  return Limpet.start({
    workers: 1,
    log: { access: false },
    timeouts: { head: `${head_ms}ms` },
    listeners: [{ bind: "127.0.0.1:0", tls: { certificates: [pair] } }],
    pools: Object.fromEntries(Object.values(routes).map((backend) => [backend.name, { backends: [backend] }])),
    routes: Object.entries(routes).map(([path, { name }]) => ({ path, pool: name })),
  });
}
