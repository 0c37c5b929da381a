"""Draws the summary of a benchmark as an SVG: for each mode, what every proxy costs relative to limpet. Pure.

It brings its own card and the colours for light and dark, so that it can be read on any page.
"""

from xml.sax.saxutils import escape

from figures import FIGURES, FLOOR, SUBJECT, median, ratios, values

NAMES = {SUBJECT: "limpet", "before": "limpet before", "haproxy": "HAProxy", "nginx": "nginx", FLOOR: "bare relay"}
MOST = 4  # of the scale, in costs of limpet; longer bars are cut and say so
WIDTH = 900
MARGIN = 24
PLOT_LEFT, PLOT_RIGHT = 312, 716
VALUE_RIGHT, RATIO_RIGHT = 812, WIDTH - MARGIN
BAR, BAR_STEP, GROUP_GAP = 10, 14, 16
HEAD = 118  # above the first group: title, explanation, legend, scale
FOOT = 22

STYLE = """
  .card { fill: #ffffff; stroke: #d0d7de; }
  text { fill: #1f2328; font: 12px -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; }
  .title { font-size: 18px; font-weight: 600; }
  .mode { font-weight: 600; }
  .quiet { fill: #59636e; }
  .number { text-anchor: end; font-variant-numeric: tabular-nums; }
  .scale { text-anchor: middle; fill: #59636e; }
  .grid { stroke: #d0d7de; }
  .one { stroke: #59636e; stroke-dasharray: 3 3; }
  .cut { stroke: #ffffff; stroke-width: 3; }
  .limpet { fill: #0e8a7d; }
  .before { fill: #7cc4bb; }
  .haproxy { fill: #4c78c9; }
  .nginx { fill: #d9822b; }
  .relay { fill: #9aa4af; }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #3d444d; }
    text { fill: #f0f6fc; }
    .quiet, .scale { fill: #9198a1; }
    .grid { stroke: #2a313c; }
    .one { stroke: #9198a1; }
    .cut { stroke: #0d1117; }
    .limpet { fill: #2bc4b2; }
    .before { fill: #1b6e66; }
    .haproxy { fill: #6c98e8; }
    .nginx { fill: #eea04f; }
    .relay { fill: #6e7781; }
  }
"""


def draw(results):
    targets = [name for name in NAMES if name in results["versions"]]
    groups = [group(results["modes"][name], rounds, targets) for name, rounds in results["rounds"].items()]
    groups = [each for each in groups if each["bars"]]
    heights = [len(each["bars"]) * BAR_STEP + GROUP_GAP for each in groups]
    bottom = HEAD + sum(heights)
    body = []
    top = HEAD
    for each, height in zip(groups, heights):
        body += group_shapes(each, top)
        top += height
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + FOOT}" width="{WIDTH}" '
        f'height="{bottom + FOOT}" role="img" aria-label="Cost of each proxy relative to limpet">',
        f"<style>{STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{bottom + FOOT - 1}" rx="8"/>',
        *head(targets, results["settings"].get("tls", False)), *scale(bottom), *body, "</svg>"]) + "\n"


def group(mode, rounds, targets):
    """What is drawn of one mode: (target, value, cost relative to limpet), for the targets that have both."""
    key = mode["figures"][0]
    bars = []
    for target in targets:
        value = median(values(rounds, target, key))
        relative = 1.0 if target == SUBJECT else median([1 / one for one in ratios(rounds, SUBJECT, target, key) if one > 0])
        if value is not None and relative is not None:
            bars.append((target, value, relative))
    return {"mode": mode, "key": key, "bars": bars}


def text(x, y, words, kind=""):
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(words)}</text>'


def head(targets, is_over_tls):
    shapes = [text(MARGIN, 36, "What a proxy costs" + (" over TLS" if is_over_tls else ""), "title"),
              text(MARGIN, 56, "CPU time of the proxy for a unit of work, latency at a fixed rate, memory of an idle session: "
                               "relative to limpet, less is better", "quiet")]
    x = MARGIN
    for target in targets:
        shapes += [f'<rect class="{target}" x="{x}" y="72" width="12" height="12" rx="2"/>', text(x + 18, 82, NAMES[target])]
        x += 44 + 7 * len(NAMES[target])
    return shapes


def x_of(relative):
    return PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * min(relative, MOST) / MOST


def scale(bottom):
    shapes = []
    for step in range(MOST + 1):
        x = x_of(step)
        shapes += [f'<line class="{"one" if step == 1 else "grid"}" x1="{x:g}" x2="{x:g}" y1="{HEAD - 10}" y2="{bottom - 8}"/>',
                   text(f"{x:g}", HEAD - 16, f"{step}x", "scale")]
    return shapes


def group_shapes(group, top):
    name, _, detail = group["mode"]["what"].partition(", ")
    unit = FIGURES[group["key"]].label.format(unit=group["mode"]["unit"])
    shapes = [text(MARGIN, top + 10, name, "mode"), text(MARGIN, top + 10 + BAR_STEP, detail or unit, "quiet")]
    if detail:
        shapes.append(text(MARGIN, top + 10 + 2 * BAR_STEP, unit, "quiet"))
    for number, (target, value, relative) in enumerate(group["bars"]):
        y = top + number * BAR_STEP
        width = x_of(relative) - PLOT_LEFT
        shapes.append(f'<rect class="{target}" x="{PLOT_LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="1.5"/>')
        if relative > MOST:
            x = PLOT_RIGHT - 14
            shapes.append(f'<line class="cut" x1="{x}" x2="{x + 6}" y1="{y + BAR + 1}" y2="{y - 1}"/>')
        shapes += [text(VALUE_RIGHT, y + BAR - 1, f"{value:{form_of(value)}}", "number"),
                   text(RATIO_RIGHT, y + BAR - 1, f"{relative:.2f}x", "number quiet" if relative <= 1 else "number")]
    return shapes


def form_of(value):
    """Three digits are enough for a picture."""
    return ",.0f" if value >= 100 else ".1f" if value >= 10 else ".2f"
