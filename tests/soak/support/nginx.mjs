// A real nginx, where it is installed, in the place of limpet: TLS in front, WebSocket backends by path.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "../../e2e/support/child.mjs";
import { Connection } from "../../e2e/support/connection.mjs";
import { free_address } from "../../e2e/support/haproxy.mjs";
import { until } from "../../e2e/support/until.mjs";

const kProgram = "/usr/sbin/nginx";
export const has_nginx = () => existsSync(kProgram);

const kTemporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

const location = ([path, backend]) => `
    location ${path} {
      proxy_pass http://${backend.as_backend().address};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 1h;
    }`;

// `routes`: {path: backend}; `head_ms` as limpet's timeouts.head. One process, which is the worker. Answers the child, with its port.
export async function start_nginx({ folder, pair, routes, head_ms }) {
  const address = await free_address();
  const file = join(folder, "nginx.conf");
  writeFileSync(file, `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 65536;
events {
  worker_connections 65536;
}
http {
  access_log off;
${kTemporary.map((kind) => `  ${kind}_temp_path ${folder}/nginx-${kind};`).join("\n")}
  server {
    listen ${address} ssl backlog=4096;
    ssl_certificate ${pair.certificate};
    ssl_certificate_key ${pair.key};
    client_header_timeout ${head_ms}ms;
    ssl_protocols TLSv1.2 TLSv1.3;
    tcp_nodelay on;${Object.entries(routes).map(location).join("")}
  }
}
`);
  const child = new Child(kProgram, ["-e", "stderr", "-c", file]);
  const [host, port] = address.split(":");
  const listens = async () => {
    if (child.end) throw new Error(`nginx ended: ${child.tail()}`);
    (await Connection.open({ host, port: Number(port) })).close();
    return true;
  };
  await until(listens, { what: "nginx listens" }).catch(async (error) => {
    await child.kill();
    throw error;
  });
  return Object.assign(child, { host, port: Number(port), stop: () => child.kill() });
}
