// HTTP requests by Node's own client, with the answer gathered whole.
import http from "node:http";
import { in_time } from "./until.mjs";

const once_only = new http.Agent({ keepAlive: false });

// Answers {status, headers, body, trailers, interims}. `from` is the client's address; `body` a string or a buffer.
export function request(url, { method = "GET", headers = {}, body, from, agent = once_only, ...options } = {}) {
  const done = new Promise((resolve, reject) => {
    const interims = [];
    const asked = http.request(url, { method, headers, localAddress: from, agent, ...options });
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
