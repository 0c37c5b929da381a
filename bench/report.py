"""Turns the results of a benchmark into Markdown. Pure: takes values, returns text.

`results` is what --json writes: environment, versions, settings, modes (rows of modes.MODES) and rounds (of each mode).
"""

import re

import figures
import goals
import quiet
from figures import FIGURES, FLOOR, PEERS, SUBJECT, failures, good, median, ratios, shown, spread, values

DISTURBED_PERCENT = 3  # of the proxy's core, spent by others during a round


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def columns(versions):
    """The targets that take part, in the order of the columns."""
    order = (SUBJECT, "before", *PEERS)
    return [name for name in order if name in versions]


def label(key, mode):
    return FIGURES[key].label.format(unit=mode["unit"])


def summary(results):
    """One row a figure: medians, then the ratios of limpet to each."""
    targets = columns(results["versions"])
    others = [name for name in targets if name != SUBJECT] if SUBJECT in targets else []
    rows = []
    for name, rounds in results["rounds"].items():
        mode = results["modes"][name]
        for key in mode["figures"]:
            medians = [shown(median(values(rounds, target, key)), FIGURES[key].form) for target in targets]
            compared = [shown(median(ratios(rounds, SUBJECT, other, key)), ".2f") for other in others]
            rows.append([f"`{name}`: {mode['what']}", label(key, mode), *medians, *compared])
    return table(["mode", "figure", *targets, *(f"{SUBJECT} / {other}" for other in others)], rows)


def is_over_tls(results):
    return results["settings"].get("tls", False)  # results of earlier do not say


def load_row(name, measurements):
    done = good(measurements)

    def each(key, form):
        return spread([one[key] for one in done if key in one], form)
    return [name, each("cpu_us", ".2f"), each("per_second", ",.0f"), each("p50_us", ",.0f"), each("p99_us", ",.0f"),
            each("p999_us", ",.0f"), each("core_percent", ".0f"), str(failures(measurements))]


def idle_row(name, measurements):
    done = good(measurements)
    return [name, spread([each["bytes_per_session"] for each in done], ",.0f"),
            spread([each["before_bytes"] / 2**20 for each in done], ".1f"),
            spread([each["during_bytes"] / 2**20 for each in done], ".1f"), str(failures(measurements))]


def ratio_table(mode, rounds, targets):
    """Of limpet to every other, and of every other to the floor; a column for each figure of the summary."""
    pairs = [(SUBJECT, other) for other in targets if other != SUBJECT] if SUBJECT in targets else []
    pairs += [(other, FLOOR) for other in targets if FLOOR in targets and other not in (SUBJECT, FLOOR)]
    rows = [[f"{one} / {other}", *(spread(ratios(rounds, one, other, key), ".2f") for key in mode["figures"])]
            for one, other in pairs]
    return table(["ratio", *(label(key, mode) for key in mode["figures"])], rows) if rows else ""


def mode_section(name, mode, rounds, targets):
    if "bytes_per_session" in mode["figures"]:
        head = ["proxy", label("bytes_per_session", mode), "PSS MiB before", "PSS MiB with sessions", "failed"]
        row = idle_row
    else:
        head = ["proxy", label("cpu_us", mode), f"{mode['unit']} / s", "p50 us", "p99 us", "p99.9 us", "core %", "failed"]
        row = load_row
    measured = table(head, [row(target, rounds[target]) for target in targets if target in rounds])
    parts = [f"### {name}: {mode['what']}", measured, ratio_table(mode, rounds, targets)]
    return "\n\n".join(part for part in parts if part)


def compared_with(verdict):
    if verdict.against in goals.BASES:
        return f"growth from {verdict.against}, beyond that of the {FLOOR}"
    return f"{SUBJECT} / {verdict.against}" if verdict.against else SUBJECT


def goal_section(results):
    found = goals.verdicts(results["rounds"], is_over_tls(results))
    rows = [[verdict.mode, FIGURES[verdict.figure].label.format(unit="unit"),
             compared_with(verdict),
             shown(verdict.measured, ".3f" if verdict.against else ",.0f"),
             f"{verdict.at_most:.2f}" if verdict.against else f"{verdict.at_most:,}", verdict.word()]
            for verdict in found]
    told = f"Goals of the modes that were run: {goals.count(found, 'met')} met, {goals.count(found, 'missed')} missed, " \
           f"{goals.count(found, 'not measured')} not measured."
    head = ["mode", "figure", "of", "measured", "at most", "verdict"]
    return "\n\n".join(["### Goals", told, table(head, rows)])


def disturbed(rounds_of):
    """How many measurements others took part of the proxy's core from, and how many there are."""
    all_of_them = [one for rounds in rounds_of.values() for each in rounds.values() for one in good(each)
                   if "others_percent" in one]
    return sum(one["others_percent"] > DISTURBED_PERCENT for one in all_of_them), len(all_of_them)


def round_count(rounds_of):
    """"5", or "5 to 15" when some modes had more."""
    counts = {len(measurements) for rounds in rounds_of.values() for measurements in rounds.values()} or {0}
    return str(min(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def head_section(results):
    environment, settings = results["environment"], results["settings"]
    busy = environment["busy_percent"]
    noise = "" if quiet.is_quiet(busy) else "; **the machine was not quiet: expect noise**"
    hit, total = disturbed(results["rounds"])
    buffers = f"{settings['peer_buffer_kib']} KiB" if settings["peer_buffer_kib"] else "as they come"
    listeners = ["- over TLS 1.3 (an ECDSA P-256 certificate) from the client side to the proxy, plain TCP to the backends"]
    return "\n".join([
        f"- machine: {environment['cpu']}, {environment['cores']} cores, Linux {environment['kernel']}; "
        f"{quiet.sentence(busy)}{noise}; others took more than {DISTURBED_PERCENT} % of the proxy's core in {hit} of {total} "
        "measurements",
        f"- {round_count(results['rounds'])} interleaved rounds of at least {settings['seconds']:g} s; affinity by {settings['affinity']}; buffers of "
        f"nginx and haproxy {buffers}; values are median (lowest - highest); less is better",
        *(listeners if is_over_tls(results) else []),
        *(f"- {name}: {results['versions'][name]}" for name in columns(results["versions"]))])


def whole(results, with_goals=False):
    targets = columns(results["versions"])
    parts = [summary(results), head_section(results)]
    parts += [goal_section(results)] if with_goals else []
    parts += [mode_section(name, results["modes"][name], rounds, targets) for name, rounds in results["rounds"].items()]
    return "\n\n".join(parts) + "\n"


def marked(name):
    """What finds the part of a document between <!-- bench:NAME --> and <!-- bench:end -->."""
    return re.compile(f"(<!-- bench:{name} -->).*?(<!-- bench:end -->)", flags=re.DOTALL)


def has_marks(document):
    return bool(marked("(?:summary|report)").search(document))


def fill(document, name, text):
    """`document` with its marked part replaced; unchanged when it has none of that name."""
    return marked(name).sub(lambda found: f"{found[1]}\n\n{text.strip()}\n\n{found[2]}", document)
