"""How parts of an answer are written one after the other into one HTTP response.

Sources: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, https://www.rfc-editor.org/rfc/rfc2046,
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol,
https://specs.apollo.dev/incremental/v0.2/
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import orjson

from router.execute.json import JSONObject
from router.serve.streams.formats import Format

BOUNDARY = b"graphql"

RETRY_MILLISECONDS: Final = (200, 2_000)
"""When clients come back whose streams end with the process: not all of them at once."""


@dataclass(frozen=True, slots=True)
class EventStream:
    """Server-Sent Events, one operation a stream; each event's id is its cursor.

    Attributes:
        content_type: of the HTTP response.
        opening: what comes first, at once, so that the client knows of the stream.
        silence: what says that the stream still lives, and nothing else.
    """

    content_type: bytes = b"text/event-stream; charset=utf-8"
    opening: bytes = b":\n\n"
    silence: bytes = b":\n\n"

    def part(self, text: bytes, cursor: str | None = None) -> bytes:
        """A part of the answer, as JSON."""
        id_ = b"" if cursor is None else b"id: %b\n" % cursor.encode()
        return b"event: next\n%bdata: %b\n\n" % (id_, text)

    def failure(self, errors: list[JSONObject]) -> bytes:
        """What ends the answer before its time, and the end."""
        return self.part(orjson.dumps({"errors": errors})) + self.end()

    def pause(self, errors: list[JSONObject]) -> bytes:
        """What ends the response and not the answer: the client comes back by itself, with its last event's id."""
        return b"retry: %d\n\n" % random.randint(*RETRY_MILLISECONDS)

    def end(self) -> bytes:
        """What follows the last part."""
        return b"event: complete\ndata:\n\n"


@dataclass(frozen=True, slots=True)
class Multipart:
    """The parts of a multipart body, each with the delimiter behind it, for which readers wait.

    Attributes:
        parameters: of the content type, which tell what the parts hold.
    """

    parameters: bytes
    silence: bytes
    content_type: bytes = field(init=False)
    opening: bytes = b"\r\n--" + BOUNDARY

    def __post_init__(self) -> None:
        content_type = b"multipart/mixed; boundary=%b; %b" % (BOUNDARY, self.parameters)
        object.__setattr__(self, "content_type", content_type)

    def part(self, text: bytes, cursor: str | None = None) -> bytes:
        return _delimited(text)

    def failure(self, errors: list[JSONObject]) -> bytes:
        return _delimited(orjson.dumps({"errors": errors, "hasNext": False})) + self.end()

    def pause(self, errors: list[JSONObject]) -> bytes:
        return self.failure(errors)

    def end(self) -> bytes:
        return b"--\r\n"


class EnvelopedMultipart(Multipart):
    """Each response in an envelope, beside which the stream itself can say what ends it."""

    __slots__ = ()

    def part(self, text: bytes, cursor: str | None = None) -> bytes:
        return _delimited(b'{"payload":%b}' % text)

    def failure(self, errors: list[JSONObject]) -> bytes:
        return _delimited(orjson.dumps({"payload": None, "errors": errors})) + self.end()


def _delimited(text: bytes) -> bytes:
    return b"\r\ncontent-type: application/json\r\n\r\n%b\r\n--%b" % (text, BOUNDARY)


Framing: TypeAlias = EventStream | Multipart

FRAMINGS: Final[Mapping[Format, Framing]] = {
    Format.EVENT_STREAM: EventStream(),
    Format.SUBSCRIPTION: EnvelopedMultipart(b"subscriptionSpec=1.0", _delimited(b"{}")),
    Format.INCREMENTAL: Multipart(b"incrementalSpec=v0.2", _delimited(b'{"hasNext":true}')),
    Format.INCREMENTAL_2022: Multipart(b"deferSpec=20220824", _delimited(b'{"hasNext":true}')),
}


def single_event(operation: str, text: bytes) -> bytes:
    """A response, as JSON, of one of several operations on an event stream."""
    return b'event: next\ndata: {"id":%b,"payload":%b}\n\n' % (orjson.dumps(operation), text)


def single_end(operation: str) -> bytes:
    """The end of one of them."""
    return b"event: complete\ndata: %b\n\n" % orjson.dumps({"id": operation})
