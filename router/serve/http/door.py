"""Who has just been refused, and comes again in the same way, is told the same at the door.

A refusal takes five times as long as reading its request and writing its answer, if it is found anew by an application:
a client that goes on asking after it was told to wait would have others wait. What is remembered holds until the end
of a second at most, and only as long as what it came from does.
"""

from asyncio import Protocol
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, TypeAlias, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from router.serve.errors import Refused
from router.serve.telemetry.sighting import SIGHTING

AGAIN: Final = "router.again"
"""Where a request's scope has the `Again` of a refusal."""

PEER: Final = "router.peer"
"""Where it has the other end of its connection, whomever a proxy there says that it asks for."""

PASSING: Final = frozenset({b"content-length", b"traceparent", b"tracestate", b"x-request-id"})
"""Headers that differ from one request to the next, and on which no refusal depends that comes before the body."""

MOST_KNOWN: Final = 1_000
MOST_HEADER_BYTES: Final = 8_192
MOST_BODY_BYTES: Final = 65_536
"""Of a request that is answered at the door: the body is read, and forgotten."""

WATCHED_SECONDS: Final = 1.0
"""After a refusal, in which answers are looked at in case that they are refusals again."""

Key: TypeAlias = tuple[bytes, str, tuple[tuple[bytes, bytes], ...]]


@dataclass(frozen=True, slots=True)
class Again:
    """What a refusal means for whoever asks in the same way.

    Attributes:
        holds: whether it would be the same now.
        told: is called whenever it was told once more.
    """

    holds: Callable[[], bool]
    told: Callable[[], object]

    @classmethod
    def of(cls, refused: Refused) -> "Again | None":
        """What a refusal of the request at hand means; None if it says nothing of the next one."""
        seen = SIGHTING.get()
        if refused.holds is None or (seen is not None and seen.trace_header is not None):  # each answer names its trace
            return None
        return cls(refused.holds, bool if seen is None else seen.repeat)


@dataclass(slots=True)
class Door:
    """Refusals that are told again.

    Attributes:
        known: by what was asked: the end of the answer, which begins as all answers of the server do.
    """

    known: dict[Key, tuple[Again, bytes]] = field(default_factory=dict[Key, tuple[Again, bytes]])
    _watched_until: float = 0.0

    def answer(self, key: Key) -> bytes | None:
        """What to say to a request; None if it is to be looked at."""
        found = self.known.get(key)
        if found is None:
            return None
        again, answer = found
        if not again.holds():
            del self.known[key]
            return None
        again.told()
        return answer

    @property
    def is_watched(self) -> bool:
        """Whether somebody has been refused just now, who may come again."""
        return monotonic() < self._watched_until

    def watch(self) -> None:
        """Somebody has been refused."""
        self._watched_until = monotonic() + WATCHED_SECONDS

    def learn(self, key: Key, again: Again, answer: bytes) -> None:
        """Say the same again to whoever asks in the same way."""
        if sum(len(name) + len(value) for name, value in key[2]) >= MOST_HEADER_BYTES:
            return
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()  # to look for what still holds would cost more than all that is remembered saves
        self.known[key] = again, answer


class DoorApp:
    """An application whose refusals a door gets to know."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._door.is_watched:
            self._door.known.clear()  # what is as old as that does not hold any more
            await self._app(scope, receive, send)
            if AGAIN in scope:
                self._door.watch()
            return
        sent: list[Message] = []

        async def sending(message: Message) -> None:
            if len(sent) < _WHOLE:
                sent.append(message)
            await send(message)

        await self._app(scope, receive, sending)
        if AGAIN in scope:
            self._door.watch()
            self._learn(scope, sent)

    def _learn(self, scope: Scope, sent: Sequence[Message]) -> None:
        again: Again = scope[AGAIN]
        if len(sent) != _WHOLE or sent[1].get("more_body"):
            return
        start, body = sent
        if all(name != b"connection" for name, _ in start["headers"]) and again.holds():
            url = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
            key = key_of(url, scope[PEER], scope["headers"])
            self._door.learn(key, again, _written(start["headers"], body["body"]))


_WHOLE: Final = 2
"""Messages of an answer that is sent at once."""


class DoorProtocol(HttpToolsProtocol):
    """One HTTP connection of uvicorn, with a door."""

    def __init__(self, door: Door, **options: Any) -> None:
        """Args: `options` are those that uvicorn gives."""
        super().__init__(**options)
        self._door = door
        self._refusing: bytes | None = None
        self._refused = False

    def data_received(self, data: bytes) -> None:
        """Read what has come: of several requests at once, one is refused at the door, and the others take turns."""
        self._refused = False
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Let a request in, or not."""
        self._unset_keepalive_if_required()  # one that was refused may have come with this one
        self._refusing = self._door.answer(self._key()) if self._door.known and self._may_refuse() else None
        if self._refusing is None:
            cast("Scope", self.scope)[PEER] = self.client
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body of a request."""
        if self._refusing is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer a request that was not let in, now that it is over."""
        if self._refusing is None:
            super().on_message_complete()
            return
        lines = b"".join(b"%b: %b\r\n" % each for each in self.server_state.default_headers)
        self.transport.write(b"%b%b%b" % (_STATUS_LINE, lines, self._refusing))
        self._refusing, self._refused = None, True
        self.on_response_complete()

    def _key(self) -> Key:
        return key_of(self.url, self.client, self.headers)

    def _may_refuse(self) -> bool:
        """Whether a request is as simple as those that are sent again and again."""
        parser, before = self.parser, cast("RequestResponseCycle | None", self.cycle)
        return (
            not (parser is None or self._refused or self.flow.write_paused or self.transport.is_closing())
            and (before is None or before.response_complete)
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and _is_short(self.headers)
        )


def protocol_at(door: Door) -> type[Protocol]:
    """What uvicorn is to make for each connection, as it would a class."""
    return cast("type[Protocol]", partial(DoorProtocol, door))


_STATUS_LINE: Final = (
    f"HTTP/1.1 {HTTPStatus.TOO_MANY_REQUESTS.value} {HTTPStatus.TOO_MANY_REQUESTS.phrase}\r\n".encode()
)


def key_of(url: bytes, client: "tuple[str, int] | None", headers: Sequence[tuple[bytes, bytes]]) -> Key:
    """What a refusal depends on, of a request to a path and query, from an address."""
    host = "" if client is None else client[0]
    return url, host, tuple([(name, value) for name, value in headers if name not in PASSING])


def _is_short(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    length = -1
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            length = int(value)
        elif name in {b"transfer-encoding", b"expect"}:
            return False
    return 0 <= length <= MOST_BODY_BYTES


def _written(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    lines = b"".join(b"%b: %b\r\n" % each for each in headers)
    return b"%b\r\n%b" % (lines, body)
