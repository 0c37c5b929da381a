// The faults of the soak. Each plays for some seconds and leaves everything as it was; what it may do to sessions it says to the judge
// before. `world`: {field, changes, throw_dice, has: {drain, reload, upgrade, end}, extra, close: {code, reason}}.
import { upgrade_request } from "../../e2e/support/frames.mjs";
import { until } from "../../e2e/support/until.mjs";
import { Crowd } from "../../siege/support/crowd.mjs";
import { kBadFiles } from "./changes.mjs";
import { health_of, pause } from "./health.mjs";
import { replace_process } from "./upgrade.mjs";

const kUpMs = 30_000;
const kGoneMs = 60_000;
const kAfterEffectMs = 3000; // clients that were on their way when a fault ended

const any_of = ({ throw_dice }, list) => list[Math.floor(throw_dice() * list.length)];
const seconds = ({ throw_dice }, least, most) => 1000 * (least + throw_dice() * (most - least));

async function until_up(field, name) {
  await until(async () => (await health_of(field, name)) === "up", { within: kUpMs, what: `${name} is up` });
}
async function reset_sessions(world) {
  const backend = any_of(world, world.field.backends);
  const touch = world.field.judge.touch(backend.name, { ends: { any: true }, moves: true });
  await backend.ask("reset", { count: 20 });
  touch.over(kAfterEffectMs);
}
async function storm(world, plan) {
  await world.field.add(new Crowd({ port: world.field.limpet.port, ...plan })).done();
}

export const kFaults = [
  {
    name: "kill -9 of a backend",
    async play(world) {
      const backend = any_of(world, world.field.backends);
      const touch = world.field.judge.touch(backend.name, { ends: { any: true }, moves: true });
      await backend.kill();
      await pause(seconds(world, 0.2, 4));
      await backend.start();
      await until_up(world.field, backend.name);
      touch.over(kAfterEffectMs);
    },
  },
  {
    name: "SIGSTOP of a backend for some seconds",
    async play(world) {
      const backend = any_of(world, world.field.backends);
      const touch = world.field.judge.touch(backend.name, { moves: true });
      backend.freeze();
      await pause(seconds(world, 0.5, 5));
      backend.thaw();
      await until_up(world.field, backend.name);
      touch.over(kAfterEffectMs);
    },
  },
  {
    name: "late probes of a busy backend",
    async play(world) {
      const backend = any_of(world, world.field.backends);
      const touch = world.field.judge.touch(backend.name, { moves: true });
      await backend.ask("answer_after", { ms: 60_000 });
      await pause(seconds(world, 2, 6));
      await backend.ask("answer_after", { ms: 0 });
      await until_up(world.field, backend.name);
      touch.over(kAfterEffectMs);
    },
  },
  { name: "sessions reset by their backend", play: reset_sessions },
  { name: "connections that are reset at once", play: (world) => storm(world, { count: 1000, leave: "reset" }) },
  {
    name: "sessions that are reset by their client",
    play: (world) => storm(world, { count: 500, send: upgrade_request({ path: "/storm" }), when: "answered", leave: "reset" }),
  },
  {
    name: "a flood of handshakes",
    play: (world) => storm(world, { count: 1500, send: upgrade_request({ path: "/flood" }), when: "answered", leave: "close" }),
  },
  {
    name: "slow readers",
    play: async (world) => {
      await world.field.ask_clients("read_slowly", { count: 50, for_ms: 6000 });
      await pause(6500);
    },
  },
  {
    name: "a backend is drained and enabled again",
    needs: "drain",
    async play({ field, close, ...world }) {
      const backend = any_of(world, field.backends);
      const touch = field.judge.touch(backend.name, { ends: close, moves: true });
      await field.must_post(`/v1/backends/${backend.name}/drain`);
      await pause(seconds(world, 1, 6));
      await field.must_post(`/v1/backends/${backend.name}/enable`);
      touch.over(kAfterEffectMs + 2000); // a frame that was long on its way when its session was told
    },
  },
  {
    name: "a backend is added and removed",
    needs: "reload",
    async play({ field, changes, close, extra }) {
      const touch = field.judge.touch(extra.name, { ends: close, moves: true });
      await changes.must_apply((settings) => settings.backends.push(extra.as_backend()));
      await until_up(field, extra.name);
      await pause(3000);
      await changes.must_apply((settings) => settings.backends.pop());
      await until(async () => !(await field.admin.backend(extra.name)), { within: kGoneMs, what: "the removed backend is gone" });
      touch.over(kAfterEffectMs);
    },
  },
  {
    name: "a backend is re-weighted",
    needs: "reload",
    async play(world) {
      await world.changes.must_apply((settings) => (any_of(world, settings.backends).weight = 1 + Math.floor(world.throw_dice() * 10)));
    },
  },
  {
    name: "a bad file is to be read",
    needs: "reload",
    async play(world) {
      const before = await world.changes.generation();
      const answer = await world.changes.apply_text(any_of(world, kBadFiles));
      if (answer.status < 400) throw new Error(`a bad file was answered ${answer.status}: ${answer.body}`);
      if ((await world.changes.generation()) !== before) throw new Error("a bad file changed the generation");
    },
  },
  {
    name: "sessions are ended one by one",
    needs: "end",
    async play({ field, close }) {
      const touch = field.judge.touch("*", { ends: close });
      const { sessions } = await field.admin.json("/v1/sessions?limit=10");
      for (const { id } of sessions) await field.post(`/v1/sessions/${id}`, undefined, "DELETE");
      touch.over(kAfterEffectMs + 2000);
    },
  },
  {
    name: "limpet is replaced by a new process",
    needs: "upgrade",
    async play({ field, close }) {
      const touch = field.judge.touch("*", { ends: close });
      await replace_process(field);
      touch.over(kAfterEffectMs);
    },
  },
];
