// The servers behind limpet: processes that can be killed and frozen, and scripted ones within the test.
import http from "node:http";
import net from "node:net";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Child } from "./child.mjs";
import { Connection } from "./connection.mjs";
import { get } from "./http_client.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

// A loopback address of this test process alone. A server that was killed gets its port back: outgoing connections use
// 127.0.0.1, and no other test process binds here.
export const kOwnAddress = `127.${1 + (process.pid % 250)}.${1 + (Math.floor(process.pid / 250) % 250)}.1`;

const kPrograms = {
  socketio: (name, host, port, more) => [process.execPath, [here("socketio_server.mjs"), name, host, port, ...more]],
  websocket: (name, host, port) => [process.execPath, [here("websocket_server.mjs"), name, host, port]],
  python: (name, host, port) => ["/usr/bin/python3", [here("websockets_server.py"), name, host, port]],
};

// A server in a process of its own. It tells its port in a line of JSON on standard output. `more`: further words to it.
export class ServerProcess {
  constructor(kind, name, { host = kOwnAddress, more = [] } = {}) {
    Object.assign(this, { kind, name, host, more, port: 0 });
  }
  command() {
    return kPrograms[this.kind](this.name, this.host, this.port, this.more);
  }
  async start() {
    const [command, args] = this.command();
    this.child = new Child(command, args.map(String));
    this.port = await this.child.saw(
      ({ output }) => output.includes("\n") && JSON.parse(output.slice(0, output.indexOf("\n"))).listening,
      `${this.name} listens`,
    );
    return this;
  }
  // Again, on the port it had.
  restart() {
    return this.start();
  }
  async kill() {
    await this.child.kill();
  }
  freeze() {
    this.child.freeze();
  }
  thaw() {
    this.child.thaw();
  }
  async stop() {
    await this.child.kill();
  }
  async stats() {
    return JSON.parse((await get(`http://${this.host}:${this.port}/stats`)).body);
  }
  as_backend() {
    return { name: this.name, address: `${this.host}:${this.port}` };
  }
}

// A TCP server within the test: `script(connection)` plays the backend's part. An error of the script is kept for the test.
export class ScriptedBackend {
  constructor(script, name = "scripted") {
    this.name = name;
    this.connections = [];
    this.errors = [];
    this.server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new Connection(socket);
      this.connections.push(connection);
      Promise.resolve(script(connection, this.connections.length)).catch((error) => this.errors.push(error));
    });
  }
  // `where`: a path, or nothing for a port of the kernel's choice.
  async start(where = { host: kOwnAddress, port: 0 }) {
    this.server.listen(where);
    await once(this.server, "listening");
    const address = this.server.address();
    this.address = typeof address === "string" ? `unix:${address}` : `${address.address}:${address.port}`;
    return this;
  }
  async stop() {
    this.connections.forEach((connection) => connection.close());
    this.server.close();
  }
  as_backend() {
    return { name: this.name, address: this.address };
  }
}

// An HTTP server within the test, by Node's own server.
export class HttpBackend {
  constructor(handler, name = "http", options = {}) {
    this.name = name;
    this.sockets = new Set();
    this.connections = 0;
    this.server = http.createServer({ keepAliveTimeout: 60_000, ...options }, handler);
    this.server.on("connection", (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => {});
    });
  }
  async start() {
    this.server.listen({ host: kOwnAddress, port: 0 });
    await once(this.server, "listening");
    this.address = `${kOwnAddress}:${this.server.address().port}`;
    return this;
  }
  async stop() {
    this.sockets.forEach((socket) => socket.destroy());
    this.server.close();
  }
  as_backend() {
    return { name: this.name, address: this.address };
  }
}

// An address where nobody listens, so that connections are refused.
export async function refusing_backend(name = "refusing") {
  const server = net.createServer().listen({ host: kOwnAddress, port: 0 });
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return { name, address: `${kOwnAddress}:${port}` };
}
