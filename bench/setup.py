"""What every proxy is configured from."""

import dataclasses
import pathlib
import resource
import socket

# Descriptors beside two for each session: listeners, pollers, checks, logs, idle backend connections.
SPARE_DESCRIPTORS = 400


@dataclasses.dataclass
class Certificate:
    """What all proxies show: paths."""
    chain: pathlib.Path
    key: pathlib.Path
    both: pathlib.Path  # in one file, as haproxy reads them


@dataclasses.dataclass
class Setup:
    folder: pathlib.Path
    backend_ports: list
    affinity: str  # cookie or client_ip
    buffer_kib: int  # of nginx and haproxy; 0 leaves them their own
    limpet: pathlib.Path
    before: pathlib.Path  # another build of it, or None
    relay: pathlib.Path
    core: int
    load_core: int
    certificate: Certificate = None  # with --tls; else the proxies listen in plain TCP
    port: int = 0


def descriptor_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, text):
    path.write_text(text)
    return path
