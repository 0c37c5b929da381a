"""What every proxy is configured from."""

import dataclasses
import pathlib
import resource

# Descriptors beside two for each session: listeners, pollers, checks, logs, idle backend connections.
SPARE_DESCRIPTORS = 400


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
    port: int = 0


def descriptor_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def write(path, text):
    path.write_text(text)
    return path
