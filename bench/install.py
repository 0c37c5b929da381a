"""Installs nginx and haproxy from Debian where they are missing, without letting their services start."""

import contextlib
import os
import pathlib
import shutil
import subprocess

POLICY = pathlib.Path("/usr/sbin/policy-rc.d")
# Debian's maintainer scripts ask it before they start a service; 101 forbids.
FORBID = "#!/bin/sh\nexit 101\n"
APT = ["apt-get", "-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
LAST_LINES = 5


def is_possible():
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


@contextlib.contextmanager
def no_services_started():
    """A policy that is there already is the administrator's own and stays."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text(FORBID)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def run(*command):
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env=environment)


def install(packages):
    """None, or why it did not work."""
    with no_services_started():
        done = run(*APT, "install", *packages)
        if done.returncode != 0:  # the package lists may be missing or old
            run("apt-get", "-qq", "update")
            done = run(*APT, "install", *packages)
    if done.returncode != 0:
        return "\n".join(done.stdout.strip().splitlines()[-LAST_LINES:])
    if shutil.which("systemctl"):
        run("systemctl", "disable", *packages)  # nor at the next boot
    return None
