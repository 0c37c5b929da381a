"""What bench/run --tls adds, played on servers of the test's own: the certificate and the full handshakes."""

import contextlib
import os
import pathlib
import socket
import ssl
import tempfile
import threading
import unittest

import full_handshakes
import peers
import targets
import tls
from setup import Setup

CORE = min(os.sched_getaffinity(0))


class Server:
    """Shakes hands with whoever comes, one after the other. After `most` of them it hangs up on everybody."""

    def __init__(self, certificate, most=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.chain, certificate.key)
        self.most = most
        self.versions = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                with client:
                    if self.most is None or len(self.versions) < self.most:
                        self.shake_hands(client)

    def shake_hands(self, client):
        with contextlib.suppress(OSError), self.context.wrap_socket(client, server_side=True) as connection:
            self.versions.append(connection.version())
            connection.recv(1)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class FullHandshakes(Folder):
    def setUp(self):
        super().setUp()
        self.certificate = tls.make_certificate(self.folder)

    def test_every_handshake_counts_and_is_one_of_tls_1_3(self):
        with Server(self.certificate) as server:
            report = full_handshakes.run(server.port, CORE, self.folder, seconds=1)
        self.assertGreater(report["completed"], 0)
        self.assertEqual(set(server.versions), {"TLSv1.3"})
        # A client may be cut short in its last one, which the server has finished and it has not.
        self.assertLessEqual(abs(len(server.versions) - report["completed"]), full_handshakes.CLIENTS)

    def test_one_handshake_that_fails_spoils_the_measurement(self):
        with Server(self.certificate, most=20) as server, self.assertRaisesRegex(ValueError, "a handshake failed"):
            full_handshakes.run(server.port, CORE, self.folder, seconds=1)


class Count(unittest.TestCase):
    def output(self, letters):
        return f"Collecting connection statistics for 1 seconds\n{letters}\n\n761 connections in 0.73s; 1042.47 " \
               "connections/user sec, bytes read 0\n761 connections in 2 real seconds, 0 bytes read per connection\n"

    def test_the_number_of_connections_is_taken(self):
        self.assertEqual(full_handshakes.count(self.output("****")), 761)

    def test_a_resumed_session_is_no_full_handshake(self):
        with self.assertRaisesRegex(ValueError, "resumed"):
            full_handshakes.count(self.output("**r*"))

    def test_a_client_that_gave_up_has_no_count(self):
        for output in ("", "Collecting connection statistics for 1 seconds\n***ERROR\n"):
            with self.assertRaisesRegex(ValueError, "failed"):
                full_handshakes.count(output)


class Configurations(Folder):
    COMMANDS = {"limpet": targets.limpet_command, "nginx": peers.nginx_command, "haproxy": peers.haproxy_command}

    def written(self, name, certificate):
        setup = Setup(folder=self.folder, backend_ports=[1, 2], affinity="cookie", buffer_kib=0,
                      limpet=pathlib.Path("limpet"), before=None, relay=None, core=0, load_core=0, certificate=certificate,
                      port=3)
        return pathlib.Path(self.COMMANDS[name](name, setup)[-1]).read_text()

    def test_every_proxy_shows_the_certificate_and_without_tls_none_knows_of_it(self):
        certificate = tls.make_certificate(self.folder)
        for name in self.COMMANDS:
            with self.subTest(name):
                self.assertIn(str(self.folder / "site"), self.written(name, certificate))
                self.assertNotIn("site", self.written(name, None))


if __name__ == "__main__":
    unittest.main()
