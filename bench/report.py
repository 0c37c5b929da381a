"""Turns the rounds of a benchmark into Markdown. Pure: takes values, returns text.

`rounds` maps a target to its measurements, one a round, None where a round failed.
"""

import statistics

SUBJECT = "limpet"
FLOOR = "relay"


def spread(values, form):
    """median (lowest - highest)"""
    values = list(values)
    if not values:
        return "-"
    return f"{statistics.median(values):{form}} ({min(values):{form}} - {max(values):{form}})"


def good(measurements):
    return [each for each in measurements if each]


def ratios(rounds, one, other, key):
    """one / other, round by round: both halves of a ratio have seen the same minute of the machine."""
    pairs = zip(rounds.get(one, []), rounds.get(other, []))
    return [a[key] / b[key] for a, b in pairs if a and b and b[key] > 0]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def load_row(name, measurements):
    done = good(measurements)
    return [name,
            spread((each["cpu_us"] for each in done), ".2f"),
            spread((each["per_second"] for each in done), ",.0f"),
            spread((each["load"]["p50_us"] for each in done), ",.0f"),
            spread((each["load"]["p99_us"] for each in done), ",.0f"),
            spread((each["core_percent"] for each in done), ".0f"),
            str(failures(measurements))]


def idle_row(name, measurements):
    done = good(measurements)
    return [name,
            spread((each["bytes_per_session"] for each in done), ",.0f"),
            spread((each["before_bytes"] / 2**20 for each in done), ".1f"),
            spread((each["during_bytes"] / 2**20 for each in done), ".1f"),
            str(failures(measurements))]


def failures(measurements):
    """Failed rounds, and exchanges that failed within the others."""
    return measurements.count(None) + sum(each["load"]["failed"] for each in good(measurements))


def ratio_rows(rounds, key):
    pairs = [(SUBJECT, other) for other in rounds if other != SUBJECT] if SUBJECT in rounds else []
    pairs += [(other, FLOOR) for other in rounds if FLOOR in rounds and other not in (SUBJECT, FLOOR)]
    return [[f"{one} / {other}", spread(ratios(rounds, one, other, key), ".2f")] for one, other in pairs]


def mode_section(name, mode, rounds):
    idle = name == "idle"
    if idle:
        head = ["proxy", "bytes per session", "PSS MiB before", "PSS MiB with sessions", "failed"]
        rows = [idle_row(target, measurements) for target, measurements in rounds.items()]
    else:
        head = ["proxy", f"CPU us / {mode.unit}", f"{mode.unit}s / s", "p50 us", "p99 us", "core %", "failed"]
        rows = [load_row(target, measurements) for target, measurements in rounds.items()]
    parts = [f"## {name}: {mode.what}", table(head, rows)]
    compared = ratio_rows(rounds, "bytes_per_session" if idle else "cpu_us")
    if compared:
        what = "bytes per session" if idle else f"CPU per {mode.unit}"
        parts.append(table([f"ratio of {what}", "median (lowest - highest)"], compared))
    return "\n\n".join(parts)


def head_section(environment, versions, settings):
    facts = [f"- {name}: {version}" for name, version in versions.items()]
    return "\n".join([
        "# Proxy benchmark", "",
        f"- machine: {environment['cpu']}, {environment['cores']} cores, Linux {environment['kernel']}, "
        f"load average {environment['load_average']:.2f} before the first round",
        f"- {settings['rounds']} interleaved rounds of {settings['seconds']:g} s; "
        f"affinity by {settings['affinity']}; values are median (lowest - highest)", *facts])
