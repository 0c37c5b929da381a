"""The rounds of a benchmark: backend and proxies are started, loaded in turn and ended."""

import contextlib

import measure
import processes
import schedule
import targets
from setup import Setup
from tls import make_certificate

BACKENDS = 2
WARM_UP_SECONDS = 0.5


class Campaign:
    """`say` gets the lines of progress."""

    def __init__(self, args, programs, folder, say):
        self.args = args
        self.programs = programs
        self.folder = folder
        self.say = say
        self.loader = measure.Loader(program=programs / "limpet_bench_load", core=args.load_core,
                                     folder=folder, seconds=args.seconds)

    def run(self, modes):
        """(versions, rounds of each mode)"""
        with contextlib.ExitStack() as stack:
            setup = Setup(folder=self.folder, backend_ports=self.start_backend(stack), affinity=self.args.affinity,
                          buffer_kib=self.args.peer_buffer, limpet=self.args.limpet, before=self.args.before,
                          relay=self.programs / "limpet_bench_relay", core=self.args.proxy_core,
                          load_core=self.args.load_core,
                          certificate=make_certificate(self.folder) if self.args.tls else None)
            versions = self.present(setup)
            rounds = {}
            for name, mode in modes.items():
                if mode.sessions > measure.most_sessions():
                    self.say(f"skipping {name}: {mode.sessions} sessions want more descriptors; raise ulimit -Hn")
                    continue
                rounds[name] = self.run_mode(name, mode, versions, setup)
            return versions, rounds

    def run_mode(self, name, mode, versions, setup):
        if mode.kind == "idle":
            return self.run_idle(name, mode, versions, setup)
        measured = measure.measure_full_handshakes if mode.kind == "tls-handshake" else measure.measure_load
        return self.run_load(name, mode, versions, setup, measured)

    def start_backend(self, stack):
        command = [self.programs / "limpet_bench_echo", "--listeners", BACKENDS]
        backend = processes.Child(command, self.args.load_core, self.folder / "echo.log", piped=True)
        stack.enter_context(backend)
        return [int(backend.read_line().removeprefix("port ")) for _ in range(BACKENDS)]

    def present(self, setup):
        found = {}
        for name in self.args.targets:
            target = targets.TARGETS[name]
            program = target.find(setup)
            if program is None:
                self.say(f"skipping {name}: not found; {target.missing}")
            else:
                found[name] = target.version(program)
        return found

    def attempt(self, name, what, function):
        """None, and a line that says why, where a measurement failed; the others go on."""
        try:
            return function()
        except (processes.ProgramEnded, targets.NotServing, ValueError, OSError) as error:
            self.say(f"  {what}: {name} failed: {error}")
            return None

    def tell(self, what, done, key, unit):
        """The progress line of one round; a failed one has had its line."""
        if done:
            load = done["load"]
            lost = f"; {load['failed']} FAILED, first: {load['first_failure']}" if load["failed"] else ""
            self.say(f"  {what}: {done[key]:,.2f} {unit}{lost}")

    def run_load(self, name, mode, names, setup, measured):
        """All proxies stay up over all rounds; those that are not measured are silent."""
        rounds = {target: [] for target in names}
        with contextlib.ExitStack() as stack:
            proxies = {}
            for target in names:
                proxy = self.attempt(target, name, lambda: stack.enter_context(targets.start(target, setup)))
                proxies[target] = proxy
                if proxy:
                    warm_up = lambda: measured(mode, proxy, self.loader, WARM_UP_SECONDS)
                    self.attempt(target, name, warm_up)
            for number, target in schedule.turns(list(names), self.args.rounds):
                proxy = proxies[target]
                done = proxy and self.attempt(target, name, lambda: measured(mode, proxy, self.loader))
                rounds[target].append(done)
                self.tell(f"{name} {number + 1}/{self.args.rounds} {target}", done, "cpu_us", f"us / {mode.unit}")
        return rounds

    def run_idle(self, name, mode, names, setup):
        """A fresh proxy for every measurement: memory kept from an earlier one would hide what sessions take."""
        def one(target):
            with targets.start(target, setup) as proxy:
                return measure.measure_idle(mode, proxy, self.loader)

        rounds = {target: [] for target in names}
        for number, target in schedule.turns(list(names), self.args.rounds):
            done = self.attempt(target, name, lambda: one(target))
            rounds[target].append(done)
            self.tell(f"{name} {number + 1}/{self.args.rounds} {target}", done, "bytes_per_session", "B / session")
        return rounds
