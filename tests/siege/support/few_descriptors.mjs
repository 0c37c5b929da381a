// A limpet that may open few files.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kBinary, Limpet } from "../../e2e/support/limpet.mjs";

// limpet raises its soft limit to the hard one at start, so it is the hard one that is set.
export async function start_with_descriptors(stage, descriptors, settings) {
  const folder = mkdtempSync(join(tmpdir(), "limpet-e2e-"));
  const file = join(folder, "limpet.yaml");
  const configuration = {
    listeners: [{ bind: "127.0.0.1:0" }],
    admin: { bind: "127.0.0.1:0" },
    affinity: { cookie: { secret_file: join(folder, "cookie.key") } },
    ...settings,
  };
  writeFileSync(file, JSON.stringify(configuration, (_, value) => (value?.as_backend ? value.as_backend() : value), 1));
  const limpet = new Limpet("/bin/sh", ["-c", `ulimit -n ${descriptors}; exec "$0" run "$1"`, kBinary, file]);
  Object.assign(limpet, { folder, file });
  stage.limpets.push(stage.add(limpet));
  await limpet.learn_addresses(configuration);
  await limpet.admin.until_ready();
  return limpet;
}
