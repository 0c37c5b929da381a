// `tests/e2e/run --tls`: the same stories with TLS between clients and limpet. Every TCP listener of a story speaks it, and
// whoever reaches for one of its ports does too. The runner makes the certificate and has Node and Python trust its authority.
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

const folder = process.env.LIMPET_TEST_TLS; // with site.pem and site.key; empty where stories speak in the clear

export const kIsOverTls = Boolean(folder);
export const kHttp = kIsOverTls ? "https" : "http";
export const kWs = kIsOverTls ? "wss" : "ws";

const ports = new Set(); // of listeners that speak TLS

// The listeners of a configuration as this run wants them.
export function dress(listeners) {
  if (!kIsOverTls) return listeners;
  const certificates = [{ certificate: `${folder}/site.pem`, key: `${folder}/site.key` }];
  return listeners.map((listener) => (listener.bind.startsWith("unix:") || listener.tls ? listener : { ...listener, tls: { certificates } }));
}

// `addresses`: host:port each, as limpet has told them.
export function remember(addresses) {
  if (!kIsOverTls) return;
  for (const address of addresses) {
    if (!address.startsWith("unix:")) ports.add(Number(address.split(":").at(-1)));
  }
}
const speaks_tls = (target) => ports.has(target.port);

// A connected socket to `target`; one that speaks TLS resets what lies below it.
export async function connect(target, options) {
  const below = net.connect({ allowHalfOpen: true, noDelay: true, ...target, ...options });
  await once(below, "connect");
  if (!speaks_tls(target)) return below;
  const socket = tls.connect({ socket: below, servername: "localhost" });
  await once(socket, "secureConnect");
  socket.resetAndDestroy = () => below.resetAndDestroy();
  return socket;
}
