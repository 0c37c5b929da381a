"""What bench/modes measures of each answer to horizontal scaling, and how it is told. Pure."""

import dataclasses
import statistics

ANSWERS = {"sticky": "sticky only", "shared": "shared state only", "hybrid": "hybrid"}
BASE = "sticky"
MIB = 2**20


@dataclasses.dataclass
class Figure:
    key: str  # of a round, as measure.mjs tells it
    label: str
    form: str
    unit: float = 1
    beyond: bool = False  # what is told is how much it is above BASE, within a round


FIGURES = [
    Figure("server_lost", "a server is killed: sessions lost, of {sessions}", ".0f"),
    Figure("server_back_ms", "... until the last is back and receives, ms", ",.0f"),
    Figure("limpet_lost", "a limpet is killed: sessions lost, of {sessions}", ".0f"),
    Figure("limpet_back_ms", "... until the last is back and receives, ms", ",.0f"),
    Figure("imbalance_before", "fullest server / mean, at first", ".2f"),
    Figure("imbalance_returned", "... when a killed server is back", ".2f"),
    Figure("imbalance_churned", "... when half of the clients have come again", ".2f"),
    Figure("first_p50_ms", "connect to 101, new client: p50, ms", ".2f"),
    Figure("first_p99_ms", "... p99, ms", ".2f"),
    Figure("first_p50_ms", "... p50 beyond that of sticky, ms", "+.2f", beyond=True),
    Figure("again_p50_ms", "connect to 101, known client, next node: p50, ms", ".2f"),
    Figure("again_p99_ms", "... p99, ms", ".2f"),
    Figure("again_p50_ms", "... p50 beyond that of sticky, ms", "+.2f", beyond=True),
    Figure("reached", "a message to everybody reaches, of {sessions}", ".0f"),
    Figure("reached_last_ms", "... the last of them after, ms", ".1f"),
    Figure("limpet_bytes", "memory of all nodes of limpet (PSS), MiB", ".1f", unit=MIB),
    Figure("redis_bytes", "memory of Redis (PSS), MiB", ".1f", unit=MIB),
    Figure("processes", "moving parts: processes", ".0f"),
]


def values(figure, rounds, name):
    """One a round."""
    own = [each[figure.key] / figure.unit for each in rounds[name]]
    if not figure.beyond:
        return own
    return [one - each[figure.key] / figure.unit for one, each in zip(own, rounds[BASE])]


def can_tell(figure, rounds):
    return not figure.beyond or BASE in rounds


def median(figure, rounds, name):
    return statistics.median(values(figure, rounds, name))


def told(figure, rounds, name):
    """The median, and where the rounds differ the lowest and the highest."""
    found = values(figure, rounds, name)
    middle, low, high = (format(each, figure.form) for each in (statistics.median(found), min(found), max(found)))
    return middle if low == high else f"{middle} ({low} to {high})"
