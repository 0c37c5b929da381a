"""Whether the machine is quiet: what the cores do while nothing is measured."""

import pathlib
import time

WATCH_SECONDS = 2
BUSY_PERCENT = 5  # above this, somebody else is at work


def ticks(stat, core):
    """(all, idle) of one core, from the text of /proc/stat. Pure."""
    for line in stat.splitlines():
        name, *numbers = line.split()
        if name == f"cpu{core}":
            # user nice system idle iowait irq softirq steal; guest time is within user
            spent = [int(number) for number in numbers[:8]]
            return sum(spent), spent[3] + spent[4]
    raise ValueError(f"/proc/stat has no core {core}")


def busy_percent(before, after, core):
    """Of the time between two texts of /proc/stat; 0 when there was none. Pure."""
    (all_before, idle_before), (all_after, idle_after) = ticks(before, core), ticks(after, core)
    passed = all_after - all_before
    return 100 * (passed - (idle_after - idle_before)) / passed if passed > 0 else 0.0


def stat():
    return pathlib.Path("/proc/stat").read_text()


def watch(cores):
    """Looks for a moment; maps each core to how busy it was."""
    before = stat()
    time.sleep(WATCH_SECONDS)
    after = stat()
    return {str(core): busy_percent(before, after, core) for core in sorted(set(cores))}


def is_quiet(busy):
    return all(percent <= BUSY_PERCENT for percent in busy.values())


def sentence(busy):
    each = ", ".join(f"core {core} {percent:.0f} %" for core, percent in busy.items())
    return f"busy before the first round: {each}"
