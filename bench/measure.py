"""The modes, and one measurement of one proxy in one mode."""

import dataclasses
import json
import time

from processes import Child
from targets import SPARE_DESCRIPTORS, descriptor_limit

SETTLE_SECONDS = 1  # for buffers to be given back and pages to be counted


@dataclasses.dataclass
class Mode:
    what: str  # for the heading of its table
    unit: str  # one operation, as CPU time is divided by it
    load: list  # options of the load tool
    per_exchange: int = 1  # operations in what the load tool counts as one


# An echo is relayed twice, once in each direction.
MODES = {
    "echo": Mode("WebSocket echo, 125 B, 100 sessions", "message", ["--mode", "echo", "--size", 125, "--connections", 100], 2),
    "echo-4k": Mode("WebSocket echo, 4 KiB, 32 sessions", "message", ["--mode", "echo", "--size", 4096], 2),
    "echo-64k": Mode("WebSocket echo, 64 KiB, 8 sessions", "message",
                     ["--mode", "echo", "--size", 65536, "--connections", 8], 2),
    "echo-1m": Mode("WebSocket echo, 1 MiB, 4 sessions", "message",
                    ["--mode", "echo", "--size", 1048576, "--connections", 4], 2),
    "echo-1000": Mode("WebSocket echo, 125 B, 1000 sessions", "message",
                      ["--mode", "echo", "--size", 125, "--connections", 1000, "--sources", 8], 2),
    "handshake": Mode("WebSocket open and close, 32 at a time", "session",
                      ["--mode", "handshake", "--sources", 8]),
    "get": Mode("keep-alive GET, 128 B body, 32 connections", "request", ["--mode", "get"]),
    "idle": Mode("memory of idle WebSocket sessions", "session", ["--mode", "idle", "--sources", 8]),
}
DEFAULT_MODES = ["echo", "echo-4k", "echo-64k", "handshake", "get", "idle"]


@dataclasses.dataclass
class Loader:
    """Starts the load tool."""
    program: str
    core: int
    log: str
    seconds: float
    idle_sessions: int

    def start(self, mode, port, *options):
        command = [self.program, *mode.load, "--target", f"127.0.0.1:{port}", *options]
        return Child(command, self.core, self.log, piped=True)


def measure_load(mode, proxy, loader, seconds=None):
    """CPU time of the proxy over one run. Opening and closing the connections of the run is not counted."""
    with loader.start(mode, proxy.port, "--gate", "--seconds", seconds or loader.seconds) as load:
        expect_ready(load)
        before = proxy.cpu_ns()
        load.tell("go")
        report = json.loads(load.read_line())
        cpu_ns = proxy.cpu_ns() - before
    operations = report["completed"] * mode.per_exchange
    if operations == 0:
        raise ValueError(f"nothing completed; {report.get('first_failure', 'no exchange failed either')}")
    return {"cpu_us": cpu_ns / 1000 / operations, "cpu_ns": cpu_ns, "operations": operations,
            "per_second": report["per_second"] * mode.per_exchange,
            "core_percent": cpu_ns / 1e7 / report["seconds"], "load": report}


def measure_idle(mode, proxy, loader):
    """Memory of the proxy with sessions that are silent after one message each way, less what it had."""
    sessions = min(loader.idle_sessions, (descriptor_limit() - SPARE_DESCRIPTORS) // 2)
    before = proxy.memory()
    with loader.start(mode, proxy.port, "--connections", sessions) as load:
        expect_ready(load)
        time.sleep(SETTLE_SECONDS)
        during = proxy.memory()
        load.process.stdin.close()
        load.process.stdin = None
        report = json.loads(load.read_line())
    return {"bytes_per_session": (during.own_bytes - before.own_bytes) / sessions,
            "before_bytes": before.all_bytes, "during_bytes": during.all_bytes, "sessions": sessions,
            "load": report}


def expect_ready(load):
    line = load.read_line()
    if line != "ready":
        raise ValueError(f"the load tool said {line!r} where ready was expected")
