"""Streams of text cut into events, as they come: Server-Sent Events, and the parts of a multipart body.

Sources: https://html.spec.whatwg.org/multipage/server-sent-events.html, https://www.rfc-editor.org/rfc/rfc2046
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n")
_LONGEST_NUMBER = 9
_LINE_END = re.compile(rb"\r\n|\n|\r")


class TooLarge(Exception):
    """An event is larger than allowed."""


class Unfinished(Exception):
    """The stream ended in the middle of something."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; `name` is empty where the server names none, and `id` None where it gives none.

    Attributes:
        retry: milliseconds after which the client is to come back if the stream ends; None where nothing is said.
    """

    name: str
    data: bytes
    id: str | None = None
    retry: int | None = None


async def server_sent_events(chunks: AsyncIterable[bytes], max_bytes: int) -> AsyncGenerator[ServerSentEvent]:
    """The events of a stream, without the comments that keep it alive.

    Raises:
        TooLarge: an event has more than `max_bytes`.
    """
    buffer = bytearray()
    searched = 0
    async for chunk in chunks:
        buffer += chunk
        # a line end may have come in two halves
        while (end := _BLANK_LINE.search(buffer, max(searched - 3, 0))) is not None:
            event = _event(bytes(buffer[: end.start()]))
            del buffer[: end.end()]
            searched = 0
            if event is not None:
                yield event
        searched = len(buffer)
        if searched > max_bytes:
            raise TooLarge


def _event(block: bytes) -> ServerSentEvent | None:
    """An event from its lines; None where they are comments only."""
    name = ""
    id_: str | None = None
    retry: int | None = None
    data: list[bytes] = []
    for line in _LINE_END.split(block):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match field:
            case b"event":
                name = value.decode(errors="replace")
            case b"data":
                data.append(value)
            case b"id":
                id_ = value.decode(errors="replace")
            case b"retry" if value.isdigit():
                retry = int(value[:_LONGEST_NUMBER])
            case _:
                pass  # a comment, which begins with the colon, or something that says nothing to us
    told = name or data or retry is not None
    return ServerSentEvent(name, b"\n".join(data), id_, retry) if told else None


async def parts(chunks: AsyncIterable[bytes], boundary: bytes, max_bytes: int) -> AsyncGenerator[bytes]:
    """The bodies of the parts of a multipart body that have one, each as soon as the delimiter behind it has begun.

    Servers write that delimiter with the part, and the rest of its line with the next one, which may be long in coming.

    Raises:
        TooLarge: a part has more than `max_bytes`.
        Unfinished: the stream ended before its closing delimiter.
    """
    delimiter = b"\n--" + boundary
    buffer = bytearray(b"\n")  # so that the first delimiter is one like the others
    searched = 0
    preamble = True
    async for chunk in chunks:
        buffer += chunk
        while (end := buffer.find(delimiter, max(searched - len(delimiter), 0))) >= 0:
            body = b"" if preamble else _body(bytes(buffer[:end]))
            if body:
                yield body
            preamble = False
            searched = 0
            del buffer[: end + len(delimiter)]
        if not preamble and buffer.startswith(b"--"):
            return
        searched = len(buffer)
        if searched > max_bytes:
            raise TooLarge
    raise Unfinished


def _body(part: bytes) -> bytes:
    """What follows the headers of a part, which begins in the line of its delimiter."""
    end = _BLANK_LINE.search(part)
    return part[end.end() :].strip() if end else b""
