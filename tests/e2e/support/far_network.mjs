// A network behind a router, in namespaces of their own: what stands there can be cut off without a word, as by a broken
// switch. Needs the right to make namespaces; where that is missing, `why_forbidden` says so.
import { execFileSync } from "node:child_process";

const ip = (...args) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
const number = process.pid % 250;
// 198.18.0.0/15 is for tests of networks (RFC 2544).
const address = (host) => `198.18.${number}.${host}`;

export class FarNetwork {
  static host = address(1); // of this side, as it is seen from there
  far = address(6); // of that side

  constructor() {
    this.router = `limpet-r${process.pid}`;
    this.name = `limpet-f${process.pid}`;
    this.link = `lr${process.pid}`;
  }
  start() {
    ip("netns", "add", this.router);
    ip("netns", "add", this.name);
    ip("link", "add", this.link, "type", "veth", "peer", "name", "near", "netns", this.router);
    ip("-n", this.router, "link", "add", "far", "type", "veth", "peer", "name", "back", "netns", this.name);
    ip("addr", "add", `${address(1)}/30`, "dev", this.link);
    ip("link", "set", this.link, "up");
    ip("-n", this.router, "addr", "add", `${address(2)}/30`, "dev", "near");
    ip("-n", this.router, "addr", "add", `${address(5)}/30`, "dev", "far");
    ip("-n", this.router, "link", "set", "near", "up");
    ip("-n", this.router, "link", "set", "far", "up");
    ip("-n", this.name, "addr", "add", `${address(6)}/30`, "dev", "back");
    ip("-n", this.name, "link", "set", "back", "up");
    ip("-n", this.name, "link", "set", "lo", "up");
    ip("-n", this.name, "route", "add", "default", "via", address(5));
    ip("route", "add", `${address(4)}/30`, "via", address(2));
    this.heal();
    return this;
  }
  // The command that runs a program there.
  inside(command, args) {
    return ["ip", ["netns", "exec", this.name, command, ...args]];
  }
  forward(yes) {
    execFileSync("ip", ["netns", "exec", this.router, "sh", "-c", `echo ${yes} > /proc/sys/net/ipv4/ip_forward`]);
  }
  cut() {
    this.forward(0); // the router drops what comes, and tells nobody
  }
  heal() {
    this.forward(1);
  }
  stop() {
    // The link by itself: with its namespace it goes a moment later, and the next network has its name.
    for (const made of [["link", "del", this.link], ["netns", "del", this.name], ["netns", "del", this.router]]) {
      try {
        ip(...made);
      } catch {
        // It was not made.
      }
    }
  }
}

// Empty when networks can be made here.
export function why_forbidden() {
  const network = new FarNetwork();
  try {
    network.start();
    return "";
  } catch (error) {
    return `no network namespaces here: ${String(error.stderr ?? error.message).trim()}`;
  } finally {
    network.stop();
  }
}
