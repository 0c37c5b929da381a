"""The proxies that are compared: how each is found, configured and started. One row of TARGETS each."""

import dataclasses
import http.client
import pathlib
import resource
import shutil
import socket
import subprocess
import time
from typing import Callable

from processes import Child

READY_SECONDS = 15
# Descriptors beside two for each session: listeners, pollers, checks, logs, idle backend connections.
SPARE_DESCRIPTORS = 400


@dataclasses.dataclass
class Setup:
    """What every proxy is configured from."""
    folder: pathlib.Path
    backend_ports: list
    affinity: str  # cookie or client_ip
    buffer_kib: int  # of nginx and haproxy
    limpet: pathlib.Path
    before: pathlib.Path  # another build of it, or None
    relay: pathlib.Path
    core: int
    port: int = 0


@dataclasses.dataclass
class Target:
    find: Callable  # of a Setup: the program, or None
    missing: str  # what to do when there is none
    command: Callable  # of the program and a Setup: writes the configuration, returns the command line
    version: Callable  # of the program: one line


def descriptor_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, text):
    path.write_text(text)
    return path


def limpet_command(program, setup):
    backends = "\n".join(f"  - {{address: 127.0.0.1:{port}}}" for port in setup.backend_ports)
    path = write(setup.folder / f"limpet-{setup.port}.yaml", f"""\
workers: 1
listeners:
  - bind: 127.0.0.1:{setup.port}
admin:
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


# The affinity of nginx's open-source edition is a hash: it makes no cookie, so both kinds use the address.
def nginx_command(program, setup):
    servers = "\n".join(f"    server 127.0.0.1:{port};" for port in setup.backend_ports)
    folders = "\n".join(f"  {kind}_temp_path {setup.folder}/nginx-{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    limit = descriptor_limit()
    path = write(setup.folder / "nginx.conf", f"""\
daemon off;
pid {setup.folder}/nginx.pid;
error_log {setup.folder}/nginx-error.log crit;
worker_processes 1;
worker_rlimit_nofile {limit};
events {{
  use epoll;
  worker_connections {limit - SPARE_DESCRIPTORS};
  multi_accept on;
}}
http {{
  access_log off;
{folders}
  map $http_upgrade $connection_upgrade {{
    default upgrade;
    '' '';
  }}
  upstream backends {{
    hash $remote_addr consistent;
{servers}
    keepalive 128;
    keepalive_requests 1000000000;
    keepalive_time 24h;
  }}
  server {{
    listen 127.0.0.1:{setup.port} backlog=4096;
    keepalive_requests 1000000000;
    keepalive_time 24h;
    keepalive_timeout 1h;
    location / {{
      proxy_pass http://backends;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffer_size {setup.buffer_kib}k;
      proxy_buffers 8 {setup.buffer_kib}k;
      proxy_busy_buffers_size {2 * setup.buffer_kib}k;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
    }}
  }}
}}
""")
    return [program, "-e", setup.folder / "nginx-error.log", "-c", path]


def haproxy_command(program, setup):
    by_cookie = setup.affinity == "cookie"
    cookie = "balance leastconn\n  cookie node insert indirect nocache httponly"
    sticky = cookie if by_cookie else "balance source"
    cookies = {port: f" cookie b{port}" if by_cookie else "" for port in setup.backend_ports}
    servers = "\n".join(f"  server b{port} 127.0.0.1:{port} check inter 2s{cookie_of_server}"
                        for port, cookie_of_server in cookies.items())
    path = write(setup.folder / "haproxy.cfg", f"""\
global
  nbthread 1
  maxconn {(descriptor_limit() - SPARE_DESCRIPTORS) // 2}
  tune.bufsize {setup.buffer_kib * 1024}
defaults
  mode http
  no log
  option http-keep-alive
  http-reuse always
  timeout connect 2s
  timeout client 1m
  timeout server 1m
  timeout http-request 10s
  timeout http-keep-alive 1h
  timeout tunnel 1h
listen proxy
  bind 127.0.0.1:{setup.port} backlog 4096
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  {sticky}
{servers}
""")
    return [program, "-db", "-f", path]


def relay_command(program, setup):
    return [program, "--port", setup.port, "--backend", f"127.0.0.1:{setup.backend_ports[0]}"]


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return (done.stdout.strip().splitlines() or [""])[0]


def installed(name):
    # Debian keeps servers where a plain user's PATH does not look.
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


TARGETS = {
    "limpet": Target(lambda setup: setup.limpet if setup.limpet.exists() else None,
                     "build it (cmake --preset release && cmake --build --preset release) or use --limpet",
                     limpet_command, lambda program: first_line(program, "--version")),
    "before": Target(lambda setup: setup.before if setup.before and setup.before.exists() else None,
                     "name another build of limpet with --before FILE to compare with",
                     limpet_command, lambda program: first_line(program, "--version")),
    "nginx": Target(lambda _: installed("nginx"), "install it: apt-get install nginx",
                    nginx_command, lambda program: first_line(program, "-v")),
    "haproxy": Target(lambda _: installed("haproxy"), "install it: apt-get install haproxy",
                      haproxy_command, lambda program: first_line(program, "-v")),
    "relay": Target(lambda setup: setup.relay, "",
                    relay_command, lambda _: "bare epoll relay, 64 KiB scratch"),
}


def start(name, setup):
    """Starts one proxy on a free port and waits until it answers through a backend."""
    target = TARGETS[name]
    setup = dataclasses.replace(setup, port=free_port())
    child = Child(target.command(target.find(setup), setup), setup.core, setup.folder / f"{name}.log")
    child.port = setup.port
    try:
        wait_until_serving(child, name)
    except BaseException:
        child.stop()
        raise
    return child


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
