"""What a service manager does for a program, by hand.
   service_manager.py listen PATH          prints a line of JSON a datagram that comes to PATH ("@..." is an abstract name)
   service_manager.py activate ADDRESS... -- COMMAND...   runs COMMAND with a socket listening on each HOST:PORT or path"""
import json
import os
import socket
import sys


def listen(path):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("\0" + path[1:] if path.startswith("@") else path)
    print(json.dumps({"listening": path}), flush=True)
    while True:
        print(json.dumps({"said": manager.recv(4096).decode()}), flush=True)


def open_socket(address):
    host, _, port = address.rpartition(":")
    if address.startswith("/"):
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(address)
    else:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.bind((host, int(port)))
    listening.listen(64)
    return listening


def activate(addresses, command):
    sockets = [open_socket(address) for address in addresses]
    copies = [os.dup2(one.fileno(), 100 + i, inheritable=False) for i, one in enumerate(sockets)]
    for i, copy in enumerate(copies):
        os.dup2(copy, 3 + i, inheritable=True)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(len(sockets))
    os.execv(command[0], command)


if sys.argv[1] == "listen":
    listen(sys.argv[2])
else:
    split = sys.argv.index("--")
    activate(sys.argv[2:split], sys.argv[split + 1 :])
