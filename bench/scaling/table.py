"""The result of bench/modes as Markdown. Pure."""

import quiet
from scaling import figures
from scaling.figures import ANSWERS, FIGURES


def table(results):
    rounds, settings = results["rounds"], results["settings"]
    rows = [[figure.label.format(**settings), *(figures.told(figure, rounds, name) for name in rounds)]
            for figure in FIGURES if figures.can_tell(figure, rounds)]
    rows.append(["lines of limpet's configuration", *(str(results["lines"][name]) for name in rounds)])
    head = ["", *(ANSWERS[name] for name in rounds)]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def head(results):
    environment, settings = results["environment"], results["settings"]
    noise = "" if quiet.is_quiet(environment["busy_percent"]) else \
        " **The machine was not quiet: compare columns, and distrust times.**"
    return (f"{environment['cpu']}, {environment['cores']} cores, Linux {environment['kernel']}; "
            f"{quiet.sentence(environment['busy_percent'])}.{noise} "
            f"{settings['rounds']} rounds, {settings['sessions']} sessions of {settings['users']} users, "
            f"{settings['handshakes']} handshakes and {settings['messages']} messages each; median (lowest to highest).")


def whole(results):
    return f"{head(results)}\n\n{table(results)}\n"
