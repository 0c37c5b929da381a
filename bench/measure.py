"""One measurement of one proxy in one mode."""

import dataclasses
import json
import pathlib
import time

import full_handshakes
import quiet
from processes import Child, cpu_ns
from setup import SPARE_DESCRIPTORS, descriptor_limit

SETTLE_SECONDS = 1  # for buffers to be given back and pages to be counted


@dataclasses.dataclass
class Loader:
    """Starts the load tool."""
    program: str
    core: int
    folder: pathlib.Path  # for logs
    seconds: float

    def start(self, mode, port, *options):
        command = [self.program, *mode.load_options(), "--target", f"127.0.0.1:{port}", *options]
        return Child(command, self.core, self.folder / "load.log", piped=True)


def most_sessions():
    """As many as a proxy has descriptors for: two each."""
    return (descriptor_limit() - SPARE_DESCRIPTORS) // 2


def measure_load(mode, proxy, loader, seconds=None):
    """CPU time of the proxy over one run. Opening and closing the connections of the run is not counted."""
    with loader.start(mode, proxy.port, "--gate", "--seconds", seconds or loader.seconds) as load:
        expect_ready(load)

        def run():
            load.tell("go")
            return json.loads(load.read_line())
        return measure_run(mode, proxy, run)


def measure_full_handshakes(mode, proxy, loader, seconds=None):
    """CPU time of the proxy over the connections that come to itself, not to its front."""
    return measure_run(mode, proxy, lambda: full_handshakes.run(proxy.own_port, loader.core, loader.folder,
                                                                seconds or loader.seconds))


def measure_run(mode, proxy, run):
    pids = proxy.family()  # finding them takes too long to do it after the run
    stat = quiet.stat()
    before = cpu_ns(pids)
    report = run()
    spent_ns = cpu_ns(pids) - before
    core_percent = spent_ns / 1e7 / report["seconds"]
    is_pinned = isinstance(proxy.core, int)  # on several cores others cannot be told apart
    busy_percent = quiet.busy_percent(stat, quiet.stat(), proxy.core) if is_pinned else core_percent
    operations = report["completed"] * mode.per_exchange
    if operations == 0:
        raise ValueError(f"nothing completed; {report.get('first_failure', 'no exchange failed either')}")
    return {"cpu_us": spent_ns / 1000 / operations, "cpu_ns": spent_ns, "operations": operations,
            "per_second": report["per_second"] * mode.per_exchange, "core_percent": core_percent,
            "others_percent": max(0.0, busy_percent - core_percent),
            **{key: report[key] for key in ("p50_us", "p99_us", "p999_us") if key in report}, "load": report}


def measure_idle(mode, proxy, loader):
    """Memory of the proxy with sessions that are silent after one message each way, less what it had."""
    before = proxy.memory()
    with loader.start(mode, proxy.port) as load:
        expect_ready(load)
        time.sleep(SETTLE_SECONDS)
        during = proxy.memory()
        load.process.stdin.close()
        load.process.stdin = None
        report = json.loads(load.read_line())
    return {"bytes_per_session": (during.own_bytes - before.own_bytes) / mode.sessions,
            "before_bytes": before.all_bytes, "during_bytes": during.all_bytes, "load": report}


def expect_ready(load):
    line = load.read_line()
    if line != "ready":
        raise ValueError(f"the load tool said {line!r} where ready was expected")
