"""Child processes of a benchmark: started on one core, measured through /proc, ended by their own pid."""

import dataclasses
import os
import pathlib
import subprocess

STOP_SECONDS = 10


class Child:
    """One program and what it forked. `log` gets its standard error, and its output unless that is piped."""

    def __init__(self, command, core, log, piped=False):
        self.name = pathlib.Path(command[0]).name
        self.log = log
        self.core = core
        self.port = 0  # where it is reached, once whoever started it knows
        self.own_port = 0  # where it listens itself, when something stands before it
        with open(log, "ab") as sink:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core), *map(str, command)],
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else sink,
                stderr=sink, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def is_running(self):
        return self.process.poll() is None

    def read_line(self):
        """The next line of output; raises when the program ended instead."""
        line = self.process.stdout.readline().strip()
        if not line:
            raise ProgramEnded(f"{self.name} ended: {self.last_words()}")
        return line

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def last_words(self):
        lines = pathlib.Path(self.log).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def family(self):
        """The pids of the program and of everything it forked: nginx works in a child of its master."""
        parents = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                # The name in parentheses may hold spaces; state and parent follow it.
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
        pids = {self.process.pid}
        while True:
            found = {pid for pid, parent in parents.items() if parent in pids} - pids
            if not found:
                return pids
            pids |= found


    def memory(self):
        """Bytes of all processes, what they share counted once: of everything, and of what no file backs.

        A session costs the latter. Pages of libraries are left out of that, because their share moves
        whenever another program that uses the same library starts or ends.
        """
        rows = [_memory_rows(pid) for pid in self.family()]
        return Memory(all_bytes=sum(each["Pss"] for each in rows),
                      own_bytes=sum(each["Pss_Anon"] + each["Pss_Shmem"] for each in rows))


def cpu_ns(pids):
    """CPU time of all their threads so far. schedstat counts nanoseconds where stat counts ticks of 10 ms."""
    return sum(int(stat.read_text().split()[0])
               for pid in pids
               for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))


@dataclasses.dataclass
class Memory:
    all_bytes: int
    own_bytes: int


class ProgramEnded(Exception):
    """A program ended that was to go on."""


def _memory_rows(pid):
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}


def environment():
    """What a reader needs to know about the machine, for the head of a report."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {"cpu": models[0] if models else os.uname().machine, "cores": len(os.sched_getaffinity(0)),
            "kernel": os.uname().release}
