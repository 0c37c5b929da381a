// The dashboard in a browser, read as somebody sees it. What the browser itself complains about is kept: a page that breaks its
// own policy says so there.
import { kPatienceMs, until } from "./until.mjs";

export class Dashboard {
  complaints = [];

  static async open(browser, url, { width = 1100, height = 900, scheme = "light" } = {}) {
    const dashboard = new Dashboard();
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    context.setDefaultTimeout(kPatienceMs);
    const page = await context.newPage();
    dashboard.page = page;
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && dashboard.complaints.push(message.text()));
    page.on("pageerror", (error) => dashboard.complaints.push(String(error)));
    page.on("request", (request) => request.url().startsWith(url) || dashboard.complaints.push(`asks ${request.url()}`));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
    await page.goto(`${url}/`);
    return dashboard;
  }
  until_live() {
    return this.sees("#link", "live");
  }
  text(selector) {
    return this.page.locator(selector).first().innerText();
  }
  sees(selector, text) {
    const fits = async () => (text instanceof RegExp ? text.test(await this.text(selector)) : (await this.text(selector)) === text);
    return until(fits, { what: `${selector} says ${text}` });
  }
  number(name) {
    return this.text(`#numbers dd[data-name="${name}"]`);
  }
  async sees_number(name, value) {
    await until(async () => (await this.number(name)) === value, { what: `${name} is ${value}` });
  }
  // The rows of the table of backends, by name.
  async rows() {
    const cells = await this.page.locator("#backends tbody tr").evaluateAll((rows) =>
      rows.map((row) => [...row.cells].slice(0, 6).map((cell) => cell.querySelector("span")?.textContent ?? cell.textContent)));
    return new Map(cells.map(([name, address, state, sessions, requests, failures]) => [name, { address, state, sessions, requests, failures }]));
  }
  async sees_row(name, wanted) {
    const fits = async () => {
      const row = (await this.rows()).get(name);
      return row && Object.entries(wanted).every(([column, value]) => row[column] === value);
    };
    await until(fits, { what: `${name} shows ${JSON.stringify(wanted)}` });
  }
  // The plan that a button of a backend opens, as text.
  async open_plan(verb, name, pool = "default") {
    await this.page.getByRole("button", { name: `${verb} ${name} of pool ${pool}`, exact: true }).click();
    return this.text("#plan");
  }
  async answer_plan(word) {
    await this.page.locator("#plan").getByRole("button", { name: word }).click();
  }
  is_wider_than_its_screen() {
    return this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  }
}
