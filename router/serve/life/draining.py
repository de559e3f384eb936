"""The end of a process that still answers: who needs to know of it, and what they do."""

from collections.abc import Callable
from types import TracebackType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CODE = "SERVER_DRAINING"
"""Of the error that ends a stream where its protocol has no better way to say that the client should come back."""


class Watch:
    """Somebody whose work ends with the process, within a block."""

    __slots__ = ("_draining", "end")

    def __init__(self, draining: "Draining", end: Callable[[], None]) -> None:
        self._draining = draining
        self.end = end

    def __enter__(self) -> None:
        self._draining.enter(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._draining.leave(self)


class Draining:
    """Whether the process is about to end, and the streams that have to be ended before.

    Attributes:
        began: it is not to get anything new.
    """

    def __init__(self) -> None:
        self.began = False
        self._ending = False
        self._watches: set[Watch] = set()

    def watching(self, end: Callable[[], None]) -> Watch:
        """Call `end` when streams are ended, or at once if they have been."""
        return Watch(self, end)

    def enter(self, watch: Watch) -> None:
        self._watches.add(watch)
        if self._ending:
            watch.end()

    def leave(self, watch: Watch) -> None:
        self._watches.discard(watch)

    def begin(self) -> None:
        """Say that the process is about to end."""
        self.began = True

    def end_streams(self) -> None:
        """End all streams, and those that still begin."""
        self._ending = True
        for each in list(self._watches):
            each.end()


class ClosingApp:
    """An application that tells clients to come back over another connection, as soon as the process is to end."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._draining.began and scope["type"] == "http":
            send = _closing(send)
        await self._app(scope, receive, send)


def _closing(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return sent
