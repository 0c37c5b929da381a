// The population: node crowd_program.mjs JSON, {addresses, sessions, users, seed}. User k has sessions in proportion to 1/k (Zipf), all
// with one cookie, as tabs of one browser. Obeys orders; times are Date.now(), which the one who kills reads as well.
import { obey_orders } from "../../tests/e2e/support/orders.mjs";
import { dice } from "../../tests/e2e/support/traffic_script.mjs";
import { Session } from "./session.mjs";

const { addresses, sessions: count, users, seed } = JSON.parse(process.argv[2]);
const kBurst = 25; // so many come at once

const throw_dice = dice(seed, 0);
const jars = Array.from({ length: users }, () => ({}));
const watch = { lost: 0, last_in: 0 };
const arrivals = new Map(); // text -> [ms after it was said]
const said_at = new Map();

const plan = {
  addresses,
  dice: throw_dice,
  on_lost: () => (watch.lost += 1),
  on_in: () => (watch.last_in = Date.now()),
  on_said: (text) => arrivals.get(text)?.push(performance.now() - said_at.get(text)),
};

function user_by_zipf() {
  const weights = jars.map((_, k) => 1 / (k + 1));
  let left = throw_dice() * weights.reduce((sum, weight) => sum + weight);
  return Math.max(0, weights.findIndex((weight) => (left -= weight) < 0));
}
const sessions = Array.from({ length: count }, (_, i) => new Session(i, jars[user_by_zipf()], plan));

// A browser opens its second tab when the first has its cookie.
async function open(session) {
  const { jar } = session;
  const before = jar.first;
  if (!before) jar.first = session.open();
  await before;
  await (before ? session.open() : jar.first);
}
async function in_bursts(some, act) {
  for (let i = 0; i < some.length; i += kBurst) await Promise.all(some.slice(i, i + kBurst).map(act));
}
function tally(what) {
  const counts = {};
  for (const session of sessions.filter(({ is_in }) => is_in)) counts[what(session)] = (counts[what(session)] ?? 0) + 1;
  return counts;
}

obey_orders({
  open: () => in_bursts(sessions, open),
  by_node: () => tally(({ node }) => node),
  by_address: () => tally(({ address }) => address),
  // A share of them leaves, all at the same time, and comes back in bursts.
  async churn({ share }) {
    const some = sessions.filter(() => throw_dice() < share);
    await Promise.all(some.map((session) => session.leave()));
    await in_bursts(some, (session) => session.open());
  },
  begin_watch: () => Object.assign(watch, { lost: 0, last_in: 0 }),
  watched: () => ({ ...watch, all_in: sessions.every(({ is_in }) => is_in) }),
  // One of them says it to everybody; answers the node it is on.
  say({ text }) {
    const speaker = sessions[Math.floor(throw_dice() * sessions.length)];
    arrivals.set(text, []);
    said_at.set(text, performance.now());
    speaker.say(text);
    return speaker.node;
  },
  arrived: ({ text }) => arrivals.get(text),
});
console.log(JSON.stringify({ listening: true }));
