"""nginx and haproxy, configured for the job that limpet does: each writes its configuration and answers its command line."""

from setup import SPARE_DESCRIPTORS, descriptor_limit, write
from tls import CIPHERSUITES


def lines(template, ports):
    return "\n".join(template.format(port=port) for port in ports)


def nginx_by_address(ports):
    """(top, name of the upstream, in the server): the hash of nginx itself."""
    return f"""\
  upstream backends {{
    hash $remote_addr consistent;
{lines("    server 127.0.0.1:{port};", ports)}
{KEPT}
  }}""", "backends", ""


def nginx_by_cookie(ports):
    """The same for a cookie, which the open-source edition makes from maps: one upstream a backend, the others in reserve.
    Only a client that did not bring a cookie of ours gets one."""
    share = 100 // len(ports)
    draws = "".join(f"    {share}% b{port};\n" for port in ports[1:]) + f"    * b{ports[0]};"
    upstreams = "\n".join(
        f"  upstream b{port} {{\n    server 127.0.0.1:{port};\n" +
        "".join(f"    server 127.0.0.1:{other} backup;\n" for other in ports if other != port) + f"{KEPT}\n  }}"
        for port in ports)
    return f"""\
  split_clients "$connection $msec" $drawn {{
{draws}
  }}
  map $cookie_node $node {{
    default $drawn;
{lines("    b{port} b{port};", ports)}
  }}
  map $cookie_node $fresh_cookie {{
    default "node=$drawn; Path=/; HttpOnly";
{lines('    b{port} "";', ports)}
  }}
{upstreams}""", "$node", "      add_header Set-Cookie $fresh_cookie always;"


KEPT = """\
    keepalive 128;
    keepalive_requests 1000000000;
    keepalive_time 24h;"""
NGINX_AFFINITY = {"cookie": nginx_by_cookie, "client_ip": nginx_by_address}


def nginx_buffers(kib):
    return f"""\
      proxy_buffer_size {kib}k;
      proxy_buffers 8 {kib}k;
      proxy_busy_buffers_size {2 * kib}k;""" if kib else ""


def nginx_tls(certificate):
    return f"""\
    ssl_certificate {certificate.chain};
    ssl_certificate_key {certificate.key};
    ssl_protocols TLSv1.2 TLSv1.3;""" if certificate else ""


def nginx_command(program, setup):
    folders = "\n".join(f"  {kind}_temp_path {setup.folder}/nginx-{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    limit = descriptor_limit()
    upstreams, name, cookie = NGINX_AFFINITY[setup.affinity](setup.backend_ports)
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
{upstreams}
  server {{
    listen 127.0.0.1:{setup.port} backlog=4096{' ssl' if setup.certificate else ''};
{nginx_tls(setup.certificate)}
    keepalive_requests 1000000000;
    keepalive_time 24h;
    keepalive_timeout 1h;
    location / {{
      proxy_pass http://{name};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
{cookie}
{nginx_buffers(setup.buffer_kib)}
    }}
  }}
}}
""")
    return [program, "-e", setup.folder / "nginx-error.log", "-c", path]


def haproxy_tls(certificate):
    """It goes by its own order of ciphers, where the others take what the client asks for first."""
    return f" ssl crt {certificate.both} ciphersuites {CIPHERSUITES}" if certificate else ""


def haproxy_command(program, setup):
    by_cookie = setup.affinity == "cookie"
    cookie = "balance leastconn\n  cookie node insert indirect nocache httponly"
    sticky = cookie if by_cookie else "balance source"
    server = "  server b{port} 127.0.0.1:{port} check inter 2s" + (" cookie b{port}" if by_cookie else "")
    buffers = f"  tune.bufsize {setup.buffer_kib * 1024}\n" if setup.buffer_kib else ""
    path = write(setup.folder / "haproxy.cfg", f"""\
global
  nbthread 1
  maxconn {(descriptor_limit() - SPARE_DESCRIPTORS) // 2}
{buffers}defaults
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
  bind 127.0.0.1:{setup.port} backlog 4096{haproxy_tls(setup.certificate)}
  option forwardfor
  http-request set-header X-Forwarded-Proto {'https' if setup.certificate else 'http'}
  {sticky}
{lines(server, setup.backend_ports)}
""")
    return [program, "-db", "-f", path]
