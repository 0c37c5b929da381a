"""The figures of a measurement and their arithmetic. Pure.

`rounds` maps a target to its measurements, one a round, None where a round failed.
"""

import dataclasses
import statistics

SUBJECT = "limpet"
FLOOR = "relay"
PEERS = ("haproxy", "nginx", FLOOR)  # what the subject is compared with, in the order of the columns


@dataclasses.dataclass
class Figure:
    label: str  # {unit} is that of the mode
    form: str


# A measurement holds each under this key. Less is better.
FIGURES = {
    "cpu_us": Figure("CPU us / {unit}", ".2f"),
    "p50_us": Figure("p50 us", ",.0f"),
    "p99_us": Figure("p99 us", ",.0f"),
    "p999_us": Figure("p99.9 us", ",.0f"),
    "bytes_per_session": Figure("bytes / {unit}", ",.0f"),
}


def good(measurements):
    return [each for each in measurements if each]


def values(rounds, target, key):
    return [each[key] for each in good(rounds.get(target, []))]


def ratios(rounds, one, other, key):
    """one / other, round by round: both halves of a ratio have seen the same minute of the machine."""
    pairs = zip(rounds.get(one, []), rounds.get(other, []))
    return [a[key] / b[key] for a, b in pairs if a and b and b[key] > 0]


def median(numbers):
    """None where there are none."""
    return statistics.median(numbers) if numbers else None


def shown(number, form):
    return "-" if number is None else f"{number:{form}}"


def spread(numbers, form):
    """median (lowest - highest)"""
    if not numbers:
        return "-"
    return f"{median(numbers):{form}} ({min(numbers):{form}} - {max(numbers):{form}})"


def failures(measurements):
    """Failed rounds, and exchanges that failed within the others."""
    return measurements.count(None) + sum(each["load"]["failed"] for each in good(measurements))
