// A backend that is there, and answers no connect.
import net from "node:net";
import { fileURLToPath } from "node:url";
import { Child } from "../../e2e/support/child.mjs";
import { until } from "../../e2e/support/until.mjs";

const kProgram = fileURLToPath(new URL("silent_listener_program.mjs", import.meta.url));
const kFillers = 8; // more than its queue holds
const kStillMs = 300; // a connect on loopback that has taken so long is not answered

export class BlackHole {
  constructor(name) {
    this.name = name;
  }
  async start() {
    this.child = new Child(process.execPath, [kProgram]);
    this.port = await this.child.saw(
      ({ output }) => output.includes("\n") && JSON.parse(output.split("\n", 1)[0]).listening,
      "the black hole listens",
    );
    this.fillers = Array.from({ length: kFillers }, () => {
      const filler = { begun_at: performance.now(), connected: false };
      filler.socket = net.connect({ host: "127.0.0.1", port: this.port });
      filler.socket.on("connect", () => (filler.connected = true)).on("error", () => {});
      return filler;
    });
    const is_hung = ({ connected, begun_at }) => !connected && performance.now() - begun_at > kStillMs;
    await until(() => this.fillers.some(is_hung), { what: "the queue is full" });
    return this;
  }
  as_backend() {
    return { name: this.name, address: `127.0.0.1:${this.port}` };
  }
  async stop() {
    this.fillers?.forEach(({ socket }) => socket.destroy());
    await this.child.kill();
  }
}
