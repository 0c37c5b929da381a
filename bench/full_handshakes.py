"""Full TLS handshakes as fast as they go: several `openssl s_time` at once, and what they counted."""

import contextlib
import re
import subprocess
import time

from processes import Child
from tls import CIPHERSUITES

CLIENTS = 4  # each has one handshake under way
GRACE_SECONDS = 20  # s_time counts whole seconds and takes up to one more; a proxy that hangs takes longer
COUNT = re.compile(r"^(\d+) connections in [\d.]+s;", re.MULTILINE)
RESUMED = re.compile(r"^[*r]*r[*r]*$", re.MULTILINE)  # it prints a letter for each handshake


def command(port, seconds):
    """Without a request: a connection ends when its handshake is done. s_time trusts anybody."""
    return ["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time", seconds, "-tls1_3",
            "-ciphersuites", CIPHERSUITES, "-no-CAfile", "-no-CApath", "-no-CAstore"]


def count(output):
    """How many handshakes one s_time made. Pure. It ends at the first that fails and then tells no number."""
    found = COUNT.search(output)
    if found is None:
        raise ValueError(f"a handshake failed: {(output.strip().splitlines() or ['openssl said nothing'])[-1]}")
    if RESUMED.search(output):
        raise ValueError("a session was resumed: not all of these handshakes were full ones")
    return int(found[1])


def run(port, core, folder, seconds):
    """A report like the load tool's, without latencies."""
    seconds = max(1, round(seconds))
    logs = [folder / f"s_time-{number}.log" for number in range(CLIENTS)]
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        clients = []
        for log in logs:
            log.unlink(missing_ok=True)
            clients.append(stack.enter_context(Child(command(port, seconds), core, log)))
        for client in clients:
            try:
                client.process.wait(begin + seconds + GRACE_SECONDS - time.monotonic())
            except subprocess.TimeoutExpired as error:
                raise ValueError("a handshake hangs") from error
    took = time.monotonic() - begin
    completed = sum(count(log.read_text()) for log in logs)
    return {"mode": "tls-handshake", "completed": completed, "failed": 0, "seconds": took, "per_second": completed / took}
