// A real HAProxy, where it is installed.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Connection } from "./connection.mjs";
import { Child } from "./child.mjs";
import { refusing_backend } from "./backends.mjs";
import { until } from "./until.mjs";

const kProgram = "/usr/sbin/haproxy";
export const no_haproxy = existsSync(kProgram) ? false : `${kProgram} is not installed (scripts/setup installs it)`;

// An address of this test process alone that is free: HAProxy does not tell which port the kernel chose.
export const free_address = async () => (await refusing_backend()).address;

// Listens at `listen` (what stands behind `bind`), passes on to `to` (what stands behind `server s`).
export async function start_haproxy(stage, { listen, to, mode = "tcp", rules = [] }) {
  const file = join(stage.folder(), "haproxy.cfg");
  const lines = [
    "defaults",
    `  mode ${mode}`,
    "  timeout connect 5s",
    "  timeout client 60s",
    "  timeout server 60s",
    "listen all",
    `  bind ${listen}`,
    ...rules.map((rule) => `  ${rule}`),
    `  server s ${to}`,
    "",
  ];
  writeFileSync(file, lines.join("\n"));
  const child = new Child(kProgram, ["-db", "-f", file]);
  stage.add({ stop: () => child.kill() });
  const [host, port] = listen.split(" ")[0].split(":");
  await until(
    async () => {
      if (child.end) throw new Error(`haproxy ended: ${child.tail()}`);
      (await Connection.open({ host, port: Number(port) })).close();
      return true;
    },
    { what: "haproxy listens" },
  );
  return child;
}
