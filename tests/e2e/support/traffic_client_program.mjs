// Clients of the traffic: node traffic_client_program.mjs JSON, {host, port, first, count, rate, seed, ...}. Each client keeps one
// session open: it comes back with its cookie after every end. The target carries the stream, so that both ends know what is said.
import { News, obey_orders } from "./orders.mjs";
import { TrafficClient } from "./traffic_client.mjs";
import { dice } from "./traffic_script.mjs";
import { Talkers } from "./traffic_end.mjs";

const plan = {
  deflate_share: 0.1, // of the clients
  slow_pipe_share: 0.05,
  opens_per_s: 500, // first sessions
  ...JSON.parse(process.argv[2]),
};
const kTickMs = 20;

const news = new News();
const talkers = new Talkers(plan.rate);
const throw_dice = dice(plan.seed, plan.first);
const context = { plan, news, talkers, speaks: true, comes_back: true };
const clients = Array.from({ length: plan.count }, (_, i) => new TrafficClient(plan.first + i, context, throw_dice));

const open_ones = () => clients.filter(({ end }) => end && !end.over);
const any = (list) => list[Math.floor(throw_dice() * list.length)];

const churn = { per_s: 0, how: "close", credit: 0 };
setInterval(() => {
  churn.credit = Math.min(churn.credit + (churn.per_s * kTickMs) / 1000, churn.per_s);
  for (; churn.credit >= 1; --churn.credit) any(open_ones())?.leave(churn.how);
}, kTickMs);

obey_orders({
  open() {
    clients.forEach((client, i) => setTimeout(() => client.connect(), (1000 * i) / plan.opens_per_s));
  },
  speak({ on }) {
    context.speaks = on;
    for (const { end } of open_ones()) end.speaks = on;
  },
  is_quiet: () => open_ones().every(({ end }) => end.is_quiet()),
  live: () => open_ones().map(({ end, backend }) => ({ backend, ...end.books() })),
  count: () => open_ones().length,
  // How long those have been away that have no session, the longest of them.
  longest_away_ms: () => Math.max(0, ...clients.filter(({ away_since }) => away_since).map((one) => Date.now() - one.away_since)),
  // So many a second leave, in good order ("close") or without a word ("cut"), and come back at once.
  churn({ per_s, how = "close" }) {
    Object.assign(churn, { per_s, how });
  },
  // They stop reading for a while: {count, for_ms}.
  read_slowly({ count, for_ms }) {
    for (let i = 0; i < count; ++i) any(open_ones())?.read_nothing(for_ms);
  },
  go_to({ port }) {
    plan.port = port;
  },
  // All leave and stay away.
  leave() {
    context.comes_back = false;
    for (const client of clients) client.leave();
  },
});
console.log(JSON.stringify({ listening: true }));
