"""A router that asks is told how long each field took; nobody else, and nobody is told of bugs."""

import struct
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry

from shared.errors import DomainError
from shared.graphql.field_traces import HEADER, VERSION, traced_if_asked
from shared.graphql.schema import FederationSchema
from shared.protobuf import Message


class Closed(DomainError):
    code = "CLOSED"

    def __init__(self) -> None:
        super().__init__("The shop is closed.")


@strawberry.type
class Shelf:
    number: int

    @strawberry.field
    async def books(self) -> list[str]:
        return ["a"]

    @strawberry.field
    def closed(self) -> str | None:
        raise Closed

    @strawberry.field
    def bug(self) -> str | None:
        raise ValueError("secret")


@strawberry.type
class Query:
    @strawberry.field
    def shelves(self) -> list[Shelf]:
        return [Shelf(number=1), Shelf(number=2)]


SCHEMA = FederationSchema(query=Query)
ASKED = {HEADER: VERSION}


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message, each with its number; messages and strings as bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        match tag & 7:
            case 0:
                yield tag >> 3, varint()
            case 1:
                at += 8
                yield tag >> 3, struct.unpack("<d", data[at - 8 : at])[0]
            case _:
                size = varint()
                at += size
                yield tag >> 3, data[at - size : at]


def below(node: bytes) -> dict[str | int, bytes]:
    """The nodes below one, by their response keys or indices."""
    found: dict[str | int, bytes] = {}
    for child in (value for number, value in fields(node) if number == 12):
        known = dict(fields(child))
        found[known[1].decode() if 1 in known else known[2]] = child
    return found


async def trace(query: str, headers: dict[str, str] = ASKED) -> Any:
    with traced_if_asked(headers):
        result = await SCHEMA.execute(query)
    return (result.extensions or {}).get(VERSION)


async def root(query: str) -> bytes:
    return dict(fields(b64decode(await trace(query), validate=True)))[14]


async def test_the_trace_has_the_shape_of_the_answer() -> None:
    tree = below(await root("{ all: shelves { number books } }"))
    shelves = below(tree["all"])
    assert list(shelves) == [0, 1]
    assert list(below(shelves[1])) == ["number", "books"]
    known = dict(fields(tree["all"]))
    assert (known[3], known[13], known[14]) == (b"[Shelf!]!", b"Query", b"shelves")
    assert 14 not in dict(fields(below(shelves[0])["books"]))


async def test_times_follow_each_other() -> None:
    written = dict(fields(b64decode(await trace("{ shelves { books } }"))))
    shelves = below(written[14])["shelves"]
    books = dict(fields(below(below(shelves)[0])["books"]))
    began, ended = dict(fields(shelves))[8], dict(fields(shelves))[9]
    assert 0 < began <= ended <= books[8] <= books[9] <= written[11]
    assert dict(fields(written[4]))[1] <= dict(fields(written[3]))[1]
    assert written[31] == 1.0


@pytest.mark.parametrize(("field", "told"), [("closed", b"The shop is closed."), ("bug", b"Internal error")])
async def test_errors_are_told_as_clients_are_told(field: str, told: bytes) -> None:
    shelf = below(below(await root(f"{{ shelves {{ {field} }} }}"))["shelves"])[0]
    error = dict(fields(dict(fields(below(shelf)[field]))[11]))
    assert error[1] == told
    assert dict(fields(error[2])) == {1: 1, 2: 13}
    assert b"secret" not in shelf


@pytest.mark.parametrize("headers", [{}, {HEADER: "ftv2"}, {HEADER: ""}])
async def test_nobody_else_is_told(headers: dict[str, str]) -> None:
    assert await trace("{ shelves { number } }", headers) is None


async def test_a_request_after_one_that_asked_is_not_measured() -> None:
    assert await trace("{ shelves { number } }") is not None
    assert await trace("{ shelves { number } }", {}) is None


def test_numbers_are_written_as_protocol_buffers_have_them() -> None:
    message = Message()
    message.number(1, 150)
    message.number(2, 0)
    message.number(3, 0, present=True)
    message.text(4, "testing")
    message.text(5, "")
    message.message(6, Message())
    assert message.written() == bytes.fromhex("089601" + "1800" + "220774657374696e67" + "3200")
