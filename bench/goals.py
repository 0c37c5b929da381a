"""What limpet is to reach, and whether a result reaches it. Pure."""

import dataclasses

import figures

# (mode, figure): how large limpet / other may be, as the median of the rounds.
RATIOS = {
    ("echo", "cpu_us"): {"haproxy": 0.90, "nginx": 1.00, "relay": 1.08},
    ("echo-1000", "cpu_us"): {"haproxy": 0.85, "nginx": 0.95, "relay": 1.08},
    ("echo-9000", "cpu_us"): {"haproxy": 0.85, "nginx": 0.95, "relay": 1.08},
    ("echo-16k", "cpu_us"): {"haproxy": 0.45, "nginx": 0.25, "relay": 1.05},
    ("echo-64k", "cpu_us"): {"haproxy": 0.35, "nginx": 0.15, "relay": 0.75},
    ("stream", "cpu_us"): {"haproxy": 0.25, "nginx": 0.12, "relay": 0.50},
    ("handshake", "cpu_us"): {"haproxy": 0.85, "nginx": 0.90, "relay": 1.25},
    ("get", "cpu_us"): {"haproxy": 0.90, "nginx": 0.90},
    ("fan-out", "cpu_us"): {"haproxy": 0.85, "nginx": 0.90, "relay": 1.05},
    ("rate", "p99_us"): {"haproxy": 1.00, "nginx": 1.00},
    ("idle", "bytes_per_session"): {"haproxy": 0.22, "nginx": 0.06},
}
# (mode, figure): how large it may be.
BOUNDS = {("idle", "bytes_per_session"): 1024}
# (mode, figure): the mode it may cost only so much more than, so that cost stays flat with more sessions. Where the relay
# was measured, what the kernel takes more for that many sockets is taken out: the relay's own ratio of the two modes.
FLATNESS = {
    ("echo-1000", "cpu_us"): ("echo", 1.15),
    ("echo-9000", "cpu_us"): ("echo", 1.15),
}
# The same of a campaign with --tls.
TLS_RATIOS = {
    ("tls-handshake", "cpu_us"): {"nginx": 1.00},
    ("echo", "cpu_us"): {"nginx": 1.00},
    ("echo-16k", "cpu_us"): {"nginx": 0.50},
}
TLS_BOUNDS = {("idle", "bytes_per_session"): 12 * 1024}
BASES = {base for base, _ in FLATNESS.values()}


@dataclasses.dataclass
class Verdict:
    mode: str
    figure: str
    against: str  # a target, a mode, or "" for a bound of the figure itself
    measured: float  # None when something it needs was not measured
    at_most: float

    def word(self):
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.at_most else "missed"


def growth(rounds_of, target, mode, base, key):
    """What one target costs in `mode` for its cost in `base`, round by round."""
    both = {name: rounds_of.get(name, {}).get(target, []) for name in (mode, base)}
    return figures.ratios(both, mode, base, key)


def verdicts(rounds_of, over_tls=False):
    """The goals of the modes that took part; `rounds_of` maps a mode to its rounds."""
    subject = figures.SUBJECT
    all_ratios, all_bounds, all_flatness = (TLS_RATIOS, TLS_BOUNDS, {}) if over_tls else (RATIOS, BOUNDS, FLATNESS)
    found = []
    for (mode, key), others in all_ratios.items():
        for other, at_most in others.items():
            measured = figures.median(figures.ratios(rounds_of.get(mode, {}), subject, other, key))
            found.append(Verdict(mode, key, other, measured, at_most))
    for (mode, key), at_most in all_bounds.items():
        measured = figures.median(figures.values(rounds_of.get(mode, {}), subject, key))
        found.append(Verdict(mode, key, "", measured, at_most))
    for (mode, key), (base, at_most) in all_flatness.items():
        grown, floor = (figures.median(growth(rounds_of, target, mode, base, key)) for target in (subject, figures.FLOOR))
        found.append(Verdict(mode, key, base, grown and grown / (floor or 1), at_most))
    return [verdict for verdict in found if verdict.mode in rounds_of]


def count(all_verdicts, word):
    return sum(1 for verdict in all_verdicts if verdict.word() == word)
