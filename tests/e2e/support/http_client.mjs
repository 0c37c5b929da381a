// HTTP requests by Node's own client, with the answer gathered whole.
import http from "node:http";
import https from "node:https";
import { in_time } from "./until.mjs";

// The module for a URL. Each of its agents is for one scheme.
export const module_of = (url) => (url.startsWith("https:") ? https : http);
const kOnceOnly = { http: new http.Agent({ keepAlive: false }), https: new https.Agent({ keepAlive: false, maxCachedSessions: 0 }) };

// Answers {status, headers, body, trailers, interims}. `from` is the client's address; `body` a string or a buffer.
export function request(url, { method = "GET", headers = {}, body, from, agent = kOnceOnly[url.startsWith("https:") ? "https" : "http"], ...options } = {}) {
  const done = new Promise((resolve, reject) => {
    const interims = [];
    // The certificate is that of the machine, whatever Host says.
    const options_of_tls = url.startsWith("https:") ? { servername: "localhost" } : {};
    const asked = module_of(url).request(url, { method, headers, localAddress: from, agent, ...options_of_tls, ...options });
    asked.on("information", (info) => interims.push({ status: info.statusCode, headers: info.headers }));
    asked.on("error", reject);
    asked.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.alloc(0), interims });
    });
    asked.on("response", (answer) => {
      const pieces = [];
      answer.on("error", reject);
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () =>
        resolve({
          status: answer.statusCode,
          headers: answer.headers,
          body: Buffer.concat(pieces),
          trailers: answer.trailers,
          interims,
        }),
      );
    });
    asked.end(body);
  });
  return in_time(done, { what: `${method} ${url}` });
}

export const get = (url, options) => request(url, options);

// The affinity cookie of an answer, as a Cookie field sends it back; undefined when there is none.
export function cookie_of(answer, name = "limpet") {
  const field = [answer.headers["set-cookie"] ?? []].flat().find((value) => value.startsWith(`${name}=`));
  return field?.split(";")[0];
}
