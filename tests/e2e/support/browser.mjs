// A real Chromium, where it is installed as a package, and the application that runs in it: page.html.
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { kPatienceMs, until } from "./until.mjs";

const kProgram = "/usr/bin/chromium";
export const no_chromium = existsSync(kProgram) ? false : "skipped: no chromium (scripts/setup installs it on Debian)";

// What --ignore-certificate-errors-spki-list wants: nothing but this certificate is trusted without a known CA.
function key_digest(file) {
  const key = new X509Certificate(readFileSync(file)).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

// `trusted`: the file of a certificate. The sandbox is another package, and only pages of our own are opened; names other than
// localhost are not looked up, so that nothing leaves the machine. What a browser keeps at home goes with the test.
export async function start_browser(stage, { trusted } = {}) {
  const args = ["--headless=new", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1"];
  if (trusted) args.push(`--ignore-certificate-errors-spki-list=${key_digest(trusted)}`);
  const home = stage.folder();
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  const browser = await chromium.launch({ executablePath: kProgram, chromiumSandbox: false, args, env, timeout: 3 * kPatienceMs });
  stage.add({ stop: () => browser.close() });
  return browser;
}

// Somebody with cookies of their own, who visits the page.
export class Visitor {
  static async visit(browser, origin) {
    const visitor = new Visitor();
    visitor.context = await browser.newContext();
    visitor.context.setDefaultTimeout(kPatienceMs);
    visitor.page = await visitor.context.newPage();
    await visitor.page.goto(`${origin}/page`);
    return visitor;
  }
  async reload() {
    await this.page.reload();
  }
  // What the page knows; see page.html.
  session() {
    return this.page.evaluate(() => session);
  }
  // The same, when its socket number `opened` since it was loaded has told who serves it.
  connected({ opened = 1 } = {}) {
    const is_there = async () => {
      const seen = await this.session();
      return seen.opened >= opened && seen.backend && seen;
    };
    return until(is_there, { what: `the page has socket ${opened}` });
  }
  async say(text) {
    await this.page.evaluate((words) => socket.send(words), text);
  }
  async hears(text) {
    await until(async () => (await this.session()).heard.includes(text), { what: `the page hears "${text}"` });
  }
  async leave_socket() {
    await this.page.evaluate(() => socket.close(1000, "for a moment"));
  }
  // What scripts may read, and all there is.
  script_cookies() {
    return this.page.evaluate(() => document.cookie);
  }
  cookies() {
    return this.context.cookies();
  }
}
