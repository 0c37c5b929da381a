"""Plays every mode of the load tool for a moment: through the bare relay, and through relays that misbehave."""

import contextlib
import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import modes
import processes
import programs

SECONDS = 0.2
MOST_SESSIONS = 100  # a test wants few descriptors and little time
CORE = min(os.sched_getaffinity(0))
DEADLINE_SECONDS = 30


def load(mode, port, seconds=SECONDS):
    """The report of the load tool."""
    command = [programs.BUILD / "limpet_bench_load", *mode.load_options(), "--target", f"127.0.0.1:{port}",
               "--seconds", seconds]
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=False, timeout=DEADLINE_SECONDS)
    return json.loads(done.stdout.splitlines()[-1])


class Forwarder:
    """A relay of the test's own: `change` sees every chunk from the backend and answers what to send on."""

    def __init__(self, backend_port, change):
        self.backend_port = backend_port
        self.change = change
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                backend = socket.create_connection(("127.0.0.1", self.backend_port))
                for one, other, change in ((client, backend, lambda chunk: chunk), (backend, client, self.change)):
                    threading.Thread(target=self.forward, args=(one, other, change), daemon=True).start()

    @staticmethod
    def forward(one, other, change):
        with contextlib.suppress(OSError), one, other:
            while chunk := one.recv(65536):
                other.sendall(change(chunk))


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        failure = programs.build()
        if failure:
            raise RuntimeError(failure)
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def start(program, *options):
            child = processes.Child([programs.BUILD / program, *options], CORE, folder / "log", piped=True)
            return int(stack.enter_context(child).read_line().removeprefix("port "))
        cls.backend = start("limpet_bench_echo")
        cls.relay = start("limpet_bench_relay", "--backend", f"127.0.0.1:{cls.backend}")

    def test_every_mode_completes_through_the_relay(self):
        for name in modes.taking_part("plain"):
            mode = modes.MODES[name]
            with self.subTest(name):
                report = load(dataclasses.replace(mode, sessions=min(mode.sessions, MOST_SESSIONS)), self.relay)
                self.assertGreater(report["completed"], 0)
                self.assertEqual(report["failed"], 0, report.get("first_failure"))

    def test_a_byte_that_was_changed_on_its_way_is_a_failure(self):
        def damage(chunk):
            return chunk if chunk.startswith(b"HTTP/1.1 101") else chunk[:-1] + bytes([chunk[-1] ^ 1])
        for name in ("echo", "rate", "stream", "fan-out", "get"):
            with self.subTest(name), Forwarder(self.backend, damage) as forwarder:
                report = load(dataclasses.replace(modes.MODES[name], sessions=2), forwarder.port)
                self.assertEqual(report["completed"], 0)
                self.assertGreater(report["failed"], 0)

    def test_a_fixed_rate_is_kept_to_the_last_message(self):
        report = load(dataclasses.replace(modes.echo_at(1000), sessions=10), self.relay)
        self.assertEqual(report["completed"], 1000 * SECONDS)

    def test_messages_that_a_stall_kept_from_being_sent_count_from_when_they_were_due(self):
        stall_seconds = 0.3
        seen = []

        def stall_once(chunk):
            seen.append(chunk)
            if len(seen) == 50:
                time.sleep(stall_seconds)  # the relay is slow; the test does not wait for anything here
            return chunk
        with Forwarder(self.backend, stall_once) as forwarder:
            report = load(dataclasses.replace(modes.echo_at(500), sessions=1), forwarder.port, seconds=1)
        self.assertEqual(report["completed"], 500)
        # 150 messages came due during the stall. Counted from when they were sent, only one would be late.
        self.assertGreater(report["p99_us"], 0.8 * stall_seconds * 1e6)


if __name__ == "__main__":
    unittest.main()
