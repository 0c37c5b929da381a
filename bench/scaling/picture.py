"""The result of bench/modes as an SVG: for each figure a bar for each answer, as long as its share of the largest. Pure."""

import chart
from chart import BAR, BAR_STEP, GROUP_GAP, MARGIN, WIDTH, text
from scaling import figures
from scaling.figures import ANSWERS, FIGURES

SHOWN = {
    "server_lost": "a server is killed: sessions lost",
    "server_back_ms": "... until the last is back, ms",
    "limpet_lost": "a limpet is killed: sessions lost",
    "limpet_back_ms": "... until the last is back, ms",
    "imbalance_before": "fullest server / mean, at first",
    "imbalance_returned": "... when a killed server is back",
    "imbalance_churned": "... when half of the clients came again",
    "first_p50_ms": "connect to 101, new client, p50, ms",
    "first_p99_ms": "connect to 101, new client, p99, ms",
    "again_p50_ms": "connect to 101, known client, p50, ms",
    "reached": "a message to everybody reaches",
    "reached_last_ms": "... the last of them after, ms",
    "limpet_bytes": "memory of all nodes of limpet, MiB",
}
CLASSES = {"sticky": "nginx", "shared": "haproxy", "hybrid": "limpet"}  # colours of the other chart
PLOT_LEFT, PLOT_RIGHT = 330, 780
VALUE_RIGHT = WIDTH - MARGIN
HEAD = 104
FOOT = 14


def draw(results):
    rounds, settings = results["rounds"], results["settings"]
    body, top = [], HEAD
    for figure in FIGURES:
        if figure.key in SHOWN and not figure.beyond:
            body += group(figure, SHOWN[figure.key], rounds, top)
            top += len(rounds) * BAR_STEP + GROUP_GAP
    bottom = top + FOOT
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" width="{WIDTH}" height="{bottom}" '
        f'role="img" aria-label="Three answers to horizontal scaling">',
        f"<style>{chart.STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{bottom - 1}" rx="8"/>',
        *head(rounds, settings), *body, "</svg>"]) + "\n"


def head(rounds, settings):
    shapes = [text(MARGIN, 36, "Three answers to horizontal scaling", "title"),
              text(MARGIN, 56, f"Three Socket.IO servers, {settings['sessions']} sessions; each bar beside the longest of its "
                               "figure. Less is better, but for whom a message reaches.", "quiet")]
    x = MARGIN
    for name in rounds:
        shapes += [f'<rect class="{CLASSES[name]}" x="{x}" y="70" width="12" height="12" rx="2"/>', text(x + 18, 80, ANSWERS[name])]
        x += 48 + 7 * len(ANSWERS[name])
    return shapes


def group(figure, label, rounds, top):
    medians = {name: figures.median(figure, rounds, name) for name in rounds}
    longest = max(medians.values()) or 1
    shapes = [text(MARGIN, top + BAR_STEP + BAR - 1, label)]
    for number, (name, value) in enumerate(medians.items()):
        y = top + number * BAR_STEP
        width = (PLOT_RIGHT - PLOT_LEFT) * value / longest
        shapes += [f'<rect class="{CLASSES[name]}" x="{PLOT_LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="1.5"/>',
                   text(VALUE_RIGHT, y + BAR - 1, format(value, figure.form), "number")]
    return shapes
