"""Runs a program on a terminal of its own: terminal.py ROWS COLUMNS COMMAND...
   In: lines of JSON, {"keys": TEXT}, {"size": [ROWS, COLUMNS]}, {"signal": NUMBER}.
   Out: lines of JSON, {"pid": N}, {"output": BASE64} and at the end {"code": N or null, "signal": N or null, "restored": whether
   the terminal has the settings that it had before}."""
import base64
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios


def say(**what):
    print(json.dumps(what), flush=True)


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def take_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def obey(line, master, child):
    order = json.loads(line)
    if "keys" in order:
        os.write(master, order["keys"].encode())
    if "size" in order:
        resize(master, *order["size"])
    if "signal" in order:
        child.send_signal(order["signal"])


def main():
    rows, columns, *command = sys.argv[1:]
    master, slave = pty.openpty()
    resize(master, int(rows), int(columns))
    before = termios.tcgetattr(slave)
    environment = {**os.environ, "TERM": os.environ.get("TEST_TERM", "xterm")}
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, preexec_fn=take_terminal, env=environment)
    say(pid=child.pid)
    orders = b""
    sources = [master, sys.stdin.fileno()]
    while True:
        ready, _, _ = select.select(sources, [], [], 0.05)
        if master in ready:
            say(output=base64.b64encode(os.read(master, 65536)).decode())
        if sys.stdin.fileno() in ready:
            more = os.read(sys.stdin.fileno(), 65536)
            if not more:
                child.kill()
                sources.remove(sys.stdin.fileno())
            *lines, orders = (orders + more).split(b"\n")
            for line in lines:
                obey(line, master, child)
        if not ready and child.poll() is not None:
            break
    code = child.returncode
    say(code=code if code >= 0 else None, signal=-code if code < 0 else None, restored=termios.tcgetattr(slave) == before)


main()
