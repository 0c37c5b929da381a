// The program under test: a configuration in a folder of its own, a process, and where it listens.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Admin } from "./admin.mjs";
import { Child, run_program } from "./child.mjs";
import { dress, kHttp, kWs, remember } from "./over_tls.mjs";
import { until } from "./until.mjs";

// Under scripts/sanitize: a process that is killed tells no leaks.
const kLeavesInOrder = process.env.LIMPET_TEST_LEAVE === "yes";
const kToSayStoppingMs = 2000; // what a log that goes elsewhere costs
export const kBinary = process.env.LIMPET_BINARY ?? new URL("../../../build/release/limpet", import.meta.url).pathname;

// What every test wants unless it says otherwise: ports from the kernel, its own cookie key, quick health probes.
function complete(settings, folder) {
  const { listeners = [{ bind: "127.0.0.1:0" }], affinity = {}, health = {}, ...others } = settings;
  return {
    listeners: dress(listeners),
    admin: { bind: "127.0.0.1:0" },
    affinity: { ...affinity, cookie: { secret_file: join(folder, "cookie.key"), ...affinity.cookie } },
    health: { interval: "100ms", timeout: "500ms", ...health },
    ...others,
  };
}

export class Limpet extends Child {
  // `settings` is the configuration as an object (JSON is YAML); backends may be given as running servers.
  // `binary`: another name for the program, or what starts it; `env` and `arguments_before` are for that.
  static async start(settings, { ready = true, binary = kBinary, arguments_before = [], env } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "limpet-e2e-"));
    const file = join(folder, "limpet.yaml");
    const configuration = complete(settings, folder);
    writeFileSync(file, JSON.stringify(configuration, (_, value) => (value?.as_backend ? value.as_backend() : value), 1));
    const limpet = new Limpet(binary, [...arguments_before, "run", file], { env });
    Object.assign(limpet, { folder, file, log_file: configuration.log?.file });
    try {
      await limpet.learn_addresses(configuration);
      if (ready && limpet.admin) await limpet.admin.until_ready();
    } catch (error) {
      await limpet.stop();
      throw error;
    }
    return limpet;
  }

  async learn_addresses({ listeners, admin }) {
    const has_admin = admin.bind !== "off";
    const wanted = listeners.length + (has_admin ? 1 : 0);
    const listens = () => this.events("listening").length >= wanted && this.events("listening");
    const events = this.log_file ? await until(listens) : await this.saw(listens, "limpet listens");
    this.addresses = events.filter((event) => !event.admin).map((event) => event.address);
    remember(this.addresses);
    [this.address] = this.addresses;
    this.port = Number(this.address.split(":").at(-1));
    this.urls = this.addresses.map((address) => `${kHttp}://${address}`);
    this.ws_urls = this.addresses.map((address) => `${kWs}://${address}`);
    [this.url] = this.urls;
    [this.ws_url] = this.ws_urls;
    const own = events.find((event) => event.admin);
    if (own && !own.address.startsWith("unix:")) this.admin = new Admin(`http://${own.address}`);
  }

  // The log lines so far, one kind of event or all.
  events(name) {
    const lines = this.log_file ? readFileSync(this.log_file, "utf8").split("\n") : this.lines;
    const parsed = lines.flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
    return name ? parsed.filter((event) => event.event === name) : parsed;
  }

  // The second TERM ends it at once, but for the two to be seen as two the first must have been.
  async leave() {
    try {
      this.signal("SIGTERM");
      await until(() => this.end || this.events("stopping").length > 0, { within: kToSayStoppingMs });
    } catch {
      // It logs elsewhere, or has ended a moment ago.
    }
    this.signal("SIGTERM");
    await this.exit();
  }
  // Ends it at once and leaves nothing behind.
  async stop() {
    if (kLeavesInOrder) await this.leave().catch(() => {});
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// `limpet ARGS...` run to its end.
export function limpet_command(...args) {
  return run_program(kBinary, args);
}
