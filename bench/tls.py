"""TLS in a benchmark: the certificate that all proxies show, and the front that speaks TLS for the load tool.

The load tool speaks plain TCP. So a limpet that is not measured stands in front of each proxy, on the core of the load:

    load tool --TCP--> front --TLS--> proxy --TCP--> backend
"""

import subprocess

from processes import Child
from setup import Certificate, free_port, write

# The order of all clients, so that every proxy speaks the first.
CIPHERSUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
DAYS = 2


def make_certificate(folder):
    """A self-made one, ECDSA on P-256."""
    made = Certificate(folder / "site.pem", folder / "site.key", folder / "site-both.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", str(DAYS), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", made.key, "-out", made.chain], check=True, stderr=subprocess.PIPE)
    made.both.touch(mode=0o600)
    made.both.write_text(made.chain.read_text() + made.key.read_text())
    return made


def start_front(proxy_port, setup):
    """Always the same limpet, whatever stands behind it. It adds nothing: no affinity, no probes."""
    port = free_port()
    path = write(setup.folder / f"front-{port}.yaml", f"""\
workers: 1
listeners:
  - bind: 127.0.0.1:{port}
admin:
  bind: off
backends:
  - {{address: 127.0.0.1:{proxy_port}, tls: {{verify: false}}}}
affinity:
  by: none
health:
  probe: none
  passive: {{failures: 0}}
log:
  level: warning
  access: false
""")
    front = Child([setup.limpet, "run", path], setup.load_core, setup.folder / "front.log")
    front.port = port
    return front
