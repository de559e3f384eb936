"""Talks to an application over a WebSocket that a server would hold, and takes down both sides in their order."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Send

from tests.conformance.inputs.sockets import Script
from tests.patience import PATIENCE_SECONDS


@dataclass(slots=True)
class Talk:
    """What was said.

    Attributes:
        said: by the client, as soon as the application has heard of it, and by the application.
        error: that came out of the application.
        seconds: of this thread's processor time, that one turn of the event loop took at most.
    """

    said: list[Message] = field(default_factory=list[Message])
    error: BaseException | None = None
    seconds: float = 0.0

    async def turn(self, seconds: float = 0) -> None:
        """Let the event loop go on, and look at how long it takes."""
        began = time.thread_time()
        await asyncio.sleep(seconds)
        self.seconds = max(self.seconds, time.thread_time() - began)


async def talked(app: ASGIApp, script: Script) -> Talk:
    """Play a client's part to its end."""
    talk, coming, arrived = Talk(), deque[Message]([{"type": "websocket.connect"}]), asyncio.Event()

    async def receive() -> Message:
        while not coming:
            arrived.clear()
            await arrived.wait()
        message = coming.popleft()
        talk.said.append(message)
        return message

    async def send(message: Message) -> None:
        talk.said.append(message)

    running = asyncio.create_task(_running(app, _scope(script), receive, send))
    for step in script.steps:
        if isinstance(step, int):
            for _ in range(step):
                await talk.turn()
        else:
            coming.append({"type": "websocket.receive", "text" if isinstance(step, str) else "bytes": step})
            arrived.set()
    coming.append({"type": "websocket.disconnect", "code": 1005})
    arrived.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not running.done():
            await talk.turn(0.0005)
    talk.error = running.result()
    return talk


async def _running(app: ASGIApp, scope: dict[str, Any], receive: Receive, send: Send) -> Exception | None:
    """Whatever comes out of the application."""
    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001  # it is what is looked for
        return error
    return None


def _scope(script: Script) -> dict[str, Any]:
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": script.headers,
        "client": ("192.0.2.1", 1),
        "server": ("192.0.2.2", 80),
        "subprotocols": script.subprotocols,
    }
