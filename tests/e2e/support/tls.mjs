// Certificates made while the test runs, and clients that speak TLS to limpet.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import https from "node:https";
import tls from "node:tls";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { Connection } from "./connection.mjs";
import { kOwnAddress } from "./backends.mjs";
import { in_time } from "./until.mjs";

const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });

// Where the listeners of tests are.
export const kLocal = "DNS:localhost,IP:127.0.0.1";

// An authority in `folder`, and what it signs.
export class Pki {
  constructor(folder, name = "ca") {
    this.folder = folder;
    this.ca = join(folder, `${name}.pem`);
    this.ca_key = join(folder, `${name}.key`);
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
      "-subj", `/CN=limpet ${name}`, "-keyout", this.ca_key, "-out", this.ca);
    this.text = readFileSync(this.ca);
  }
  // {certificate, key}: paths. `names` like "DNS:localhost,IP:127.0.0.1"; `days` may be in the past; `use` is what it may be
  // used for (clientAuth, serverAuth), anything if not said.
  issue(stem, names, { days = 1, subject = `/CN=${stem}`, rsa = false, use } = {}) {
    const path = (end) => join(this.folder, `${stem}.${end}`);
    const kind = rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    openssl("req", "-newkey", ...kind, "-nodes", "-subj", subject, "-keyout", path("key"), "-out", path("csr"));
    writeFileSync(path("ext"), `subjectAltName=${names}\n${use ? `extendedKeyUsage=${use}\n` : ""}`);
    openssl("x509", "-req", "-in", path("csr"), "-CA", this.ca, "-CAkey", this.ca_key, "-CAcreateserial",
      "-days", String(days), "-extfile", path("ext"), "-out", path("pem"));
    return { certificate: path("pem"), key: path("key") };
  }
}

export const read_pair = ({ certificate, key }) => ({ cert: readFileSync(certificate), key: readFileSync(key) });

// A raw TLS connection as a Connection, when its handshake is done.
export async function connect_tls(stage, limpet, options = {}) {
  const socket = tls.connect({ host: "127.0.0.1", port: limpet.port, servername: "localhost", allowHalfOpen: true, ...options });
  stage.add({ stop: () => socket.destroy() });
  const connection = new Connection(socket);
  await in_time(Promise.race([once(socket, "secureConnect"), once(socket, "error").then(([error]) => Promise.reject(error))]), {
    what: "a TLS handshake",
  });
  return connection;
}

// A server that speaks TLS: echoes WebSocket messages and shows a request's fields.
export async function start_tls_backend(stage, name, options) {
  const seen = { resumed: 0, handshakes: 0, clients: [] };
  const server = https.createServer(options, (request, response) => {
    response.setHeader("x-backend", name);
    response.end(JSON.stringify(request.headers));
  });
  server.on("secureConnection", (socket) => {
    seen.handshakes += 1;
    seen.resumed += socket.isSessionReused() ? 1 : 0;
    seen.clients.push(socket.getPeerCertificate()?.subject?.CN);
    socket.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", () => {});
  });
  server.listen({ host: kOwnAddress, port: 0 });
  await once(server, "listening");
  stage.add({ stop: () => { server.closeAllConnections(); server.close(); } });
  return Object.assign(seen, { name, address: `${kOwnAddress}:${server.address().port}` });
}

// limpet with one TLS listener before one WebSocket server.
export async function tls_stage(stage, { tls = {}, settings = {} } = {}) {
  const pki = new Pki(stage.folder());
  const pair = pki.issue("site", kLocal);
  const server = await stage.start_server("websocket", "w1");
  const limpet = await stage.start_limpet({
    workers: 2,
    log: { level: "debug" },
    listeners: [{ bind: "127.0.0.1:0", tls: { certificates: [pair], ...tls } }],
    backends: [server],
    ...settings,
  });
  const wss = `wss://localhost:${limpet.port}`;
  const open = (options) => stage.open_websocket(wss, { ca: pki.text, ...options });
  return { pki, pair, server, limpet, wss, open };
}
