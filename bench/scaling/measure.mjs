// Measures the three answers in interleaved rounds: node measure.mjs JSON, {rounds, sessions, users, handshakes, messages, seed,
// only}. The last line of its output is JSON: {rounds: {NAME: [figures]}, lines: {NAME: n}}. What it is doing goes to standard
// error. bench/modes starts it.
import { fileURLToPath } from "node:url";
import { Program } from "../../tests/e2e/support/traffic.mjs";
import { kPatienceMs, until } from "../../tests/e2e/support/until.mjs";
import { time_handshakes } from "./handshakes.mjs";
import { kAnswers, lines_of_configuration, memory_of, Pool } from "./pool.mjs";

const options = JSON.parse(process.argv[2]);
const kCrowd = fileURLToPath(new URL("crowd_program.mjs", import.meta.url));
const kChurnShare = 0.5;

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const percentile = (numbers, share) => [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))];
const p50_p99 = (name, times) => ({ [`${name}_p50_ms`]: percentile(times, 0.5), [`${name}_p99_ms`]: percentile(times, 0.99) });

// The fullest server beside the mean of all.
function imbalance({ servers }, by_node) {
  const counts = servers.map(({ name }) => by_node[name] ?? 0);
  return Math.max(...counts) / (sum(counts) / counts.length);
}

// `kill()` ends what has `expected` sessions of the crowd; answers what that cost them.
async function disaster(name, crowd, expected, kill) {
  await crowd.ask("begin_watch");
  const at = Date.now();
  await kill();
  const seen = await until(
    async () => {
      const watched = await crowd.ask("watched");
      return watched.lost >= expected && watched.all_in && watched;
    },
    { within: 3 * kPatienceMs, what: `all who were lost with the ${name} are back` },
  );
  return { [`${name}_lost`]: seen.lost, [`${name}_back_ms`]: seen.last_in - at };
}

// Each message to its end before the next. Without an adapter only those of the speaker's own server can hear it. Who has heard it
// is counted at the end, when all others have been said since.
async function to_everybody({ adapter }, crowd, by_node) {
  const texts = Array.from({ length: options.messages }, (_, i) => `message ${i}`);
  const arrived = (text) => crowd.ask("arrived", { text });
  for (const text of texts) {
    const node = await crowd.ask("say", { text });
    const expected = adapter === "none" ? by_node[node] : options.sessions;
    await until(async () => (await arrived(text)).length >= expected, { what: `${text} has reached ${expected}` });
  }
  const all = await Promise.all(texts.map(arrived));
  const last = all.map((times) => Math.max(...times));
  return { reached: sum(all.map(({ length }) => length)) / all.length, reached_last_ms: percentile(last, 0.5) };
}

async function figures_of(name, round) {
  const pool = await Pool.start(name);
  try {
    const { addresses, servers, limpets } = pool;
    const crowd = pool.add(new Program(kCrowd));
    await crowd.launch({ addresses, sessions: options.sessions, users: options.users, seed: options.seed + round });
    await crowd.ask("open");
    const by_node = () => crowd.ask("by_node");
    const imbalance_before = imbalance(pool, await by_node());
    const memory = { limpet_bytes: sum(limpets.map(memory_of)), redis_bytes: pool.redis ? memory_of(pool.redis.child) : 0 };
    const everybody = await to_everybody(pool, crowd, await by_node());

    const [server] = servers;
    const server_death = await disaster("server", crowd, (await by_node())[server.name], () => server.kill());
    await server.restart();
    await pool.until_up(server);
    const imbalance_returned = imbalance(pool, await by_node());
    await crowd.ask("churn", { share: kChurnShare });
    const imbalance_churned = imbalance(pool, await by_node());

    const limpet_death = await disaster("limpet", crowd, (await crowd.ask("by_address"))[addresses[0]], async () => {
      await limpets[0].kill();
      // Whoever watches over it starts it again at once; the others do not wait for that.
      await limpets[0].again();
    });
    return {
      ...server_death, ...limpet_death, imbalance_before, imbalance_returned, imbalance_churned,
      ...everybody, ...memory, processes: pool.processes(),
    };
  } finally {
    await pool.stop();
  }
}

// One handshake of each in turn, so that all meet the same machine.
async function latencies_of(names) {
  const pools = [];
  try {
    for (const name of names) pools.push(await Pool.start(name));
    const times = await time_handshakes(pools.map(({ addresses }) => addresses), options.handshakes);
    return times.map(({ first, again }) => ({ ...p50_p99("first", first), ...p50_p99("again", again) }));
  } finally {
    for (const pool of pools) await pool.stop();
  }
}

const names = options.only ?? Object.keys(kAnswers);
const rounds = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < options.rounds; ++round) {
  for (const name of round % 2 ? [...names].reverse() : names) {
    console.error(`round ${round + 1} of ${options.rounds}: ${name}`);
    rounds[name].push(await figures_of(name, round));
  }
  console.error(`round ${round + 1} of ${options.rounds}: handshakes`);
  (await latencies_of(names)).forEach((times, i) => Object.assign(rounds[names[i]][round], times));
}
const lines = Object.fromEntries(names.map((name) => [name, lines_of_configuration(name)]));
console.log(JSON.stringify({ rounds, lines }));
