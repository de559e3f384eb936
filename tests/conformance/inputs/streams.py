"""Reads the streams that HTTP carries, by their own specifications.

Sources: https://html.spec.whatwg.org/#event-stream-interpretation, https://www.rfc-editor.org/rfc/rfc2046#section-5.1,
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md,
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from tests.conformance.inputs.shapes import (
    Incremental,
    Incremental2022,
    Problem,
    decoded,
    errors_problem,
    response_problem,
)


class ServerEvent(NamedTuple):
    """An event as a browser would dispatch it."""

    name: str
    data: str


def events_in(body: bytes) -> Iterator[ServerEvent]:
    """The events of a stream; what has no empty line behind it is none."""
    name, data = "message", list[str]()
    text = body.decode("utf-8", "strict")
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]:
        if not line:
            if data:
                yield ServerEvent(name, "\n".join(data))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)


def event_stream_problem(body: bytes, *, whole: bool) -> Problem:
    """Of the answer to one operation; `whole` if the client has stayed to the end."""
    ended = False
    following = Incremental()
    for event in events_in(body):
        if ended:
            return "an event follows the end"
        match event.name:
            case "next":
                payload = decoded(event.data.encode())
                is_part = isinstance(payload, dict) and "hasNext" in payload
                if found := following.problem(payload) if is_part else response_problem(payload):
                    return found
            case "complete":
                ended = True
                if event.data:
                    return "the end has data"
            case _:
                return f"there is an event {event.name}"
    return "the stream has no end" if whole and not ended else None


def parts_in(body: bytes, boundary: bytes, *, whole: bool) -> list[bytes]:
    """The contents of the parts, without their headers; a last one that is cut off is left out.

    Raises:
        ValueError: it is no such body.
    """
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    found: list[bytes] = []
    for at, piece in enumerate(pieces[1:], 1):
        if piece.startswith(b"--"):
            if at != len(pieces) - 1 or piece[2:].strip():
                raise ValueError("something follows the last delimiter")
            return found
        if at == len(pieces) - 1:
            break
        head, separator, content = piece.partition(b"\r\n\r\n")
        if not separator or b"content-type: application/json" not in head.lower():
            raise ValueError(f"a part has the head {head!r}")
        found.append(content)
    if whole:
        raise ValueError("the last delimiter is missing")
    return found


def multipart_problem(content_type: str, body: bytes, *, whole: bool) -> Problem:
    """Of the answer to one operation."""
    kind, *parameters = (each.strip() for each in content_type.split(";"))
    given = {name.strip(): value.strip('"') for name, _, value in (each.partition("=") for each in parameters)}
    if kind != "multipart/mixed" or "boundary" not in given:
        return f"the content type is {content_type}"
    parts = [decoded(each) for each in parts_in(body, given["boundary"].encode(), whole=whole)]
    if given.get("subscriptionSpec") == "1.0":
        return next((found for each in parts if (found := _enveloped_problem(each))), None)
    following = Incremental2022() if given.get("deferSpec") == "20220824" else Incremental()
    for each in parts:
        if each == {"hasNext": True}:
            continue
        if found := following.problem(each):
            return found
    return following.end_problem() if whole else None


def _enveloped_problem(part: Any) -> Problem:
    if not isinstance(part, dict):
        return "a part is no object"
    given = cast("dict[str, Any]", part)
    if not given:
        return None
    if given.get("payload") is None:
        return errors_problem(given.get("errors"))
    return response_problem(given["payload"])
