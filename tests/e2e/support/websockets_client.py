"""A client by the `websockets` library: websockets_client.py URL TASK. Prints what happened as a line of JSON."""

import asyncio
import hashlib
import json
import os
import sys

import websockets

URL, TASK = sys.argv[1], sys.argv[2]
KIB = 1024
SIZES = [1, 125, 126, 127, 65535, 65536, 65537, 1024 * KIB, 16 * 1024 * KIB]
CLOSES = [(1000, ""), (1000, "done"), (1001, "going away"), (1011, "internal error"), (3000, "registered"), (4999, "r" * 123)]


def connect(path="/", **options):
    options = {"compression": None, "max_size": 64 * 1024 * KIB, "ping_interval": None, "open_timeout": 20, **options}
    return websockets.connect(URL + path, **options)


def digest(data):
    return hashlib.sha256(data).hexdigest()


async def sizes():
    same = {}
    async with connect() as socket:
        for size in SIZES:
            data = os.urandom(size)
            await socket.send(data)
            same[size] = digest(await socket.recv()) == digest(data)
    return same


async def fragments():
    pieces = [f"{i}," * (1 + i * 37) for i in range(50)]
    async with connect() as socket:
        await socket.send(iter(pieces))
        together = await socket.recv() == "".join(pieces)
        await socket.send("!fragments")
        return {"together": together, "from_server": await socket.recv()}


async def ping():
    async with connect() as socket:
        pong = await socket.ping("are you there")
        await asyncio.wait_for(pong, 20)
        return {"pong": True}


async def client_closes():
    seen = []
    for code, reason in CLOSES:
        socket = await connect()
        await socket.close(code, reason)
        seen.append({"code": socket.close_code, "reason": socket.close_reason})
    return seen


async def server_closes():
    seen = []
    for code, reason in CLOSES:
        socket = await connect()
        await socket.send("!close " + json.dumps({"code": code, "reason": reason}))
        await socket.wait_closed()
        seen.append({"code": socket.close_code, "reason": socket.close_reason})
    return seen


async def deflate():
    async with connect(compression="deflate") as socket:
        texts = ["a", "deflate me " * 100_000, "again " * 10]
        same = []
        for text in texts:
            await socket.send(text)
            same.append(await socket.recv() == text)
        return {"extensions": [extension.name for extension in socket.extensions], "same": same}


async def subprotocol():
    async with connect(subprotocols=["chat.v1", "chat.v2"]) as socket:
        return {"subprotocol": socket.subprotocol}


async def many():
    async def talk(number):
        async with connect() as socket:
            texts = [f"{number}:{i}" for i in range(50)]
            for text in texts:
                await socket.send(text)
            return [await socket.recv() for _ in texts] == texts

    return {"in_order": all(await asyncio.gather(*(talk(i) for i in range(100))))}


async def cookie():
    async with connect() as socket:
        first = socket.response_headers["X-Backend"]
        sent = socket.response_headers["Set-Cookie"].split(";")[0]
    again = []
    for _ in range(6):
        async with connect(extra_headers={"Cookie": sent}) as socket:
            again.append(socket.response_headers["X-Backend"])
    return {"first": first, "again": again}


print(json.dumps(asyncio.run(globals()[TASK]())))
