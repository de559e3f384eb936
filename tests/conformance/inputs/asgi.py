"""Calls an application as a server does, without one, and takes down all that happens."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

from tests.conformance.inputs.requests import Exchange
from tests.conformance.inputs.watch import longest_turn
from tests.patience import PATIENCE_SECONDS


@dataclass(slots=True)
class Taken:
    """What an application has sent.

    Attributes:
        error: that came out of it.
        seconds: of this thread's processor time, that one turn of the event loop took at most.
        left: the client has gone.
    """

    messages: list[Message] = field(default_factory=list[Message])
    error: BaseException | None = None
    seconds: float = 0.0
    left: bool = False

    @property
    def status(self) -> int:
        return self.messages[0].get("status", 0) if self.messages else 0

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.messages[1:])


async def exchanged(app: ASGIApp, exchange: Exchange) -> Taken:
    """The answer to a request."""
    taken = Taken()
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": exchange.method,
        "scheme": "http",
        "path": exchange.path,
        "raw_path": exchange.path.encode(),
        "root_path": "",
        "query_string": exchange.query,
        "headers": [(name.lower(), value) for name, value in exchange.headers],
        "client": ("192.0.2.1", 1),
        "server": ("192.0.2.2", 80),
    }
    pieces = iter(exchange.chunks)
    total = len(exchange.chunks)
    given = 0
    gone = exchange.gone

    async def receive() -> Message:
        nonlocal given
        if given < total and exchange.leaves != 0:
            given += 1
            return {"type": "http.request", "body": next(pieces), "more_body": given < total}
        if exchange.leaves != 0:
            await gone.wait()
        taken.left = True
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if taken.left:
            return
        taken.messages.append(message)
        if exchange.leaves is not None and len(taken.messages) > exchange.leaves:
            gone.set()
        if len(taken.messages) > _ENOUGH:
            gone.set()

    async def answered() -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
            taken.error = error

    taken.seconds = await longest_turn(asyncio.create_task(answered()))
    return taken


_ENOUGH = 20
"""Pieces of a stream that never ends, after which its client has seen enough."""
