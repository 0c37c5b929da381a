"""An echo server by the `websockets` library: websockets_server.py NAME HOST PORT.

Texts that begin with "!" are orders, the same as those of websocket_server.mjs: !close {"code":..,"reason":..}, !fragments.
GET /stats tells what was seen; other plain requests answer NAME.
"""

import asyncio
import errno
import http
import json
import sys

import websockets

NAME, HOST, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
seen = {"name": NAME, "opened": 0, "open": 0, "messages": 0, "closes": [], "cookies": []}


async def obey(socket, order):
    word, _, argument = order.partition(" ")
    if word == "!close":
        close = json.loads(argument)
        await socket.close(close.get("code", 1000), close.get("reason", ""))
    elif word == "!fragments":
        await socket.send(iter(["one ", "two ", "three"]))


async def serve_client(socket):
    seen["opened"] += 1
    seen["open"] += 1
    if "Cookie" in socket.request_headers:
        seen["cookies"].append(socket.request_headers["Cookie"])
    try:
        async for message in socket:
            seen["messages"] += 1
            if isinstance(message, str) and message.startswith("!"):
                await obey(socket, message)
            else:
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        seen["open"] -= 1
        seen["closes"].append({"code": socket.close_code, "reason": socket.close_reason})


async def answer_plain(path, headers):
    if headers.get("Upgrade", "").lower() == "websocket":
        return None
    body = json.dumps(seen) if path == "/stats" else NAME + "\n"
    return http.HTTPStatus.OK, [("X-Backend", NAME)], body.encode()


async def listen():
    while True:
        try:
            return await websockets.serve(
                serve_client,
                HOST,
                PORT,
                process_request=answer_plain,
                subprotocols=["chat.v2", "chat.v1"],
                select_subprotocol=lambda offered, known: next((name for name in known if name in offered), None),
                extra_headers=[("X-Backend", NAME)],
                max_size=64 * 1024 * 1024,
                ping_interval=None,
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            await asyncio.sleep(0.05)


async def main():
    server = await listen()
    print(json.dumps({"listening": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.Future()


asyncio.run(main())
