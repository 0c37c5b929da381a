"""The modes of the benchmark: one row each."""

import dataclasses

KIB = 1024
MIB = 1024 * KIB
SOURCES = 8  # client addresses: one alone has ports for about 28,000 connections
DEFAULT_RATE = 10_000
DEFAULT_SESSIONS = 9000
DEFAULT_TLS_SESSIONS = 3000


@dataclasses.dataclass
class Mode:
    what: str  # for headings and the chart: "name, details"
    unit: str  # one operation, as CPU time is divided by it
    kind: str  # the load tool's --mode
    sessions: int
    size: int = 125  # payload bytes of a message
    per_exchange: float = 1  # operations in what the load tool counts as one
    rate: int = 0  # exchanges a second; 0 is a closed loop
    figures: tuple = ("cpu_us",)  # for the summary, the chart draws the first; keys of figures.FIGURES
    over: str = ""  # "plain" or "tls" where it takes part in such a campaign only

    def load_options(self):
        return ["--mode", self.kind, "--connections", self.sessions, "--size", self.size, "--rate", self.rate,
                "--sources", SOURCES]


def amount(size):
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


# An echo is relayed twice, once in each direction.
def echo(size, sessions):
    plural = "s" if sessions > 1 else ""
    return Mode(f"echo of {amount(size)}, {sessions} session{plural}", "message", "echo", sessions, size, 2)


def echo_at(rate):
    return Mode(f"echo at a fixed rate, 125 B, 100 sessions, {rate:,} / s", "message", "echo", 100,
                per_exchange=2, rate=rate, figures=("p99_us", "p50_us", "p999_us", "cpu_us"))


def idle(sessions):
    return Mode(f"memory of idle sessions, {sessions} of them", "session", "idle", sessions,
                figures=("bytes_per_session",))


MODES = {
    "handshake": Mode("handshake and close, 32 at a time", "session", "handshake", 32, over="plain"),
    "tls-handshake": Mode("full TLS handshake and close, 4 at a time", "connection", "tls-handshake", 4, over="tls"),
    "echo-1": echo(125, 1),
    "echo": echo(125, 100),
    "echo-1000": echo(125, 1000),
    "echo-9000": echo(125, 9000),
    "echo-32b": echo(32, 100),
    "echo-4k": echo(4 * KIB, 100),
    "echo-16k": echo(16 * KIB, 100),
    "echo-64k": echo(64 * KIB, 8),
    "echo-1m": echo(MIB, 4),
    "rate": echo_at(DEFAULT_RATE),
    "stream": Mode("stream to the client, messages of 1 MiB, 4 sessions", "MiB", "stream", 4, MIB),
    "fan-out": Mode("fan-out of 125 B, to 1000 sessions", "delivery", "fan-out", 1000),
    "get": Mode("keep-alive GET, 128 B body, 32 connections", "request", "get", 32),
    "idle": idle(DEFAULT_SESSIONS),
}


def taking_part(over):
    """The names of those of a campaign over "plain" TCP or "tls"."""
    return [name for name, mode in MODES.items() if mode.over in ("", over)]
