"""The proxies that are compared: how each is found, configured and started. One row of TARGETS each."""

import contextlib
import dataclasses
import http.client
import shutil
import subprocess
import time
from typing import Callable

from peers import haproxy_command, nginx_command
from processes import Child
from setup import free_port, write
from tls import start_front

READY_SECONDS = 15


@dataclasses.dataclass
class Target:
    find: Callable  # of a Setup: the program, or None
    missing: str  # what to do when there is none
    command: Callable  # of the program and a Setup: writes the configuration, returns the command line
    version: Callable  # of the program: one line


def limpet_tls(certificate):
    return f"""\
    tls:
      certificates:
        - {{certificate: {certificate.chain}, key: {certificate.key}}}
""" if certificate else ""


def limpet_command(program, setup):
    backends = "\n".join(f"  - {{address: 127.0.0.1:{port}}}" for port in setup.backend_ports)
    path = write(setup.folder / f"limpet-{setup.port}.yaml", f"""\
workers: 1
listeners:
  - bind: 127.0.0.1:{setup.port}
{limpet_tls(setup.certificate)}admin:
  bind: unix:{setup.folder}/limpet-{setup.port}.sock
backends:
{backends}
affinity:
  by: {setup.affinity}
  cookie:
    secret_file: {setup.folder}/limpet-cookie.key
health:
  probe: tcp
log:
  level: warning
  access: false
""")
    return [program, "run", path]


def relay_command(program, setup):
    return [program, "--port", setup.port, "--backend", f"127.0.0.1:{setup.backend_ports[0]}"]


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return (done.stdout.strip().splitlines() or [""])[0]


def installed(name):
    # Debian keeps servers where a plain user's PATH does not look.
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


INSTALL = "as root on Debian bench/run installs it; otherwise: apt-get install --no-install-recommends haproxy nginx"

TARGETS = {
    "limpet": Target(lambda setup: setup.limpet if setup.limpet.exists() else None,
                     "build it (cmake --preset release && cmake --build --preset release) or use --limpet",
                     limpet_command, lambda program: first_line(program, "--version")),
    "before": Target(lambda setup: setup.before if setup.before and setup.before.exists() else None,
                     "name another build of limpet with --before FILE to compare with",
                     limpet_command, lambda program: first_line(program, "--version")),
    "haproxy": Target(lambda _: installed("haproxy"), INSTALL, haproxy_command,
                      lambda program: first_line(program, "-v")),
    "nginx": Target(lambda _: installed("nginx"), INSTALL, nginx_command, lambda program: first_line(program, "-v")),
    "relay": Target(lambda setup: setup.relay, "",
                    relay_command, lambda _: "bare epoll relay, 64 KiB scratch"),
}


@contextlib.contextmanager
def start(name, setup):
    """One proxy on a free port, where it speaks TLS with a front before it, when it answers through a backend."""
    target = TARGETS[name]
    setup = dataclasses.replace(setup, port=free_port())
    with contextlib.ExitStack() as stack:
        command = target.command(target.find(setup), setup)
        proxy = stack.enter_context(Child(command, setup.core, setup.folder / f"{name}.log"))
        proxy.port = proxy.own_port = setup.port
        if setup.certificate:
            proxy.port = stack.enter_context(start_front(setup.port, setup)).port
        wait_until_serving(proxy, name)
        yield proxy


def wait_until_serving(child, name):
    deadline = time.monotonic() + READY_SECONDS
    why = "it does not answer"
    while child.is_running() and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", child.port, timeout=2)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse().status
            if answer == 200:
                return
            why = f"it answers {answer}"
        except (OSError, http.client.HTTPException) as error:
            why = str(error)
        finally:
            connection.close()
        time.sleep(0.05)
    raise NotServing(f"{name} does not serve: {why}; its last words: {child.last_words()}")


class NotServing(Exception):
    """A proxy did not come up."""
