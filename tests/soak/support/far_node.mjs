// A node behind a cable that can be cut: a network namespace with a pair of virtual interfaces. Cut, the cable is silent both ways:
// every packet carries the address of a station that is not there, and nobody is told. Needs root.
import { execFileSync } from "node:child_process";

const kNobody = "02:00:00:00:00:01";
const ip = (...words) => execFileSync("ip", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

export class FarNode {
  constructor() {
    const { pid } = process;
    const net = `10.213.${(pid >> 6) & 255}.${(pid & 63) * 4}`; // a network of four addresses for each test process
    const address = (host) => net.replace(/\d+$/, (last) => Number(last) + host);
    this.name = `limpet-${pid}`;
    this.here = { link: `lh${pid}`, address: address(1) };
    this.there = { link: `lf${pid}`, address: address(2) };
  }
  in_namespace(...words) {
    return ip("-n", this.name, ...words);
  }
  // A word in front of a command that is to run there.
  get prefix() {
    return ["ip", "netns", "exec", this.name];
  }

  lay() {
    const { here, there } = this;
    ip("netns", "add", this.name);
    ip("link", "add", here.link, "type", "veth", "peer", "name", there.link, "netns", this.name);
    ip("addr", "add", `${here.address}/30`, "dev", here.link);
    ip("link", "set", here.link, "up");
    this.in_namespace("addr", "add", `${there.address}/30`, "dev", there.link);
    this.in_namespace("link", "set", there.link, "up");
    this.in_namespace("link", "set", "lo", "up");
    const station = (text) => /link\/ether (\S+)/.exec(text)[1];
    here.station = station(ip("link", "show", here.link));
    there.station = station(this.in_namespace("link", "show", there.link));
    this.mend();
    return this;
  }
  know(station_here, station_there) {
    const { here, there } = this;
    ip("neigh", "replace", there.address, "lladdr", station_there, "dev", here.link, "nud", "permanent");
    this.in_namespace("neigh", "replace", here.address, "lladdr", station_here, "dev", there.link, "nud", "permanent");
  }
  cut() {
    this.know(kNobody, kNobody);
  }
  mend() {
    this.know(this.here.station, this.there.station);
  }
  stop() {
    try {
      ip("link", "del", this.here.link);
    } catch {
      // It was not laid.
    }
    ip("netns", "del", this.name);
  }
}
