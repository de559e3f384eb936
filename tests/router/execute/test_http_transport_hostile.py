"""Whatever a subgraph's server sends, a fetch ends: with the answer, or with a failure that says what was wrong."""

import asyncio
import gzip
import zlib

import pytest

from router.execute import HttpTransport, SubgraphRequest, SubgraphResponse
from router.execute.transport import MalformedResponse, SubgraphTimeout, SubgraphUnreachable
from router.execute.transport.connection import MAX_OVERHEAD
from tests.router.execute.raw_server import JSON, Script, raw_server, reply, saying, take_request

ONE = SubgraphResponse({"a": 1})
LIMIT = 100_000


async def fetch(script: Script, *, patience: float = 60) -> SubgraphResponse:
    """What a transport makes of a server's first connection; a second one would hang."""
    async with raw_server(script, saying(hold=True)) as url:
        transport = HttpTransport(url, timeout=patience, max_response_bytes=LIMIT)
        try:
            return await transport.fetch(SubgraphRequest("s", "{a}"))
        finally:
            await transport.aclose()


def chunked(*chunks: bytes, head: bytes = b"") -> bytes:
    """A chunked response."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n" + head + b"\r\n" + body


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(reply(), id="of a known length"),
            pytest.param(chunked(JSON[:3], JSON[3:]), id="in chunks"),
            pytest.param(chunked(JSON)[:-2] + b"x-trailer: 1\r\n\r\n", id="with a trailer"),
            pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + reply(), id="announced"),
            pytest.param(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 5 + reply(), id="announced often"),
            pytest.param(reply(head=b"HTTP/1.0 200 OK"), id="in an old version"),
            pytest.param(reply(gzip.compress(JSON), content_encoding="gzip"), id="compressed"),
            pytest.param(chunked(*(bytes([each]) for each in JSON)), id="in a chunk a byte"),
            pytest.param(reply() + b"HTTP/1.1 200 OK\r\n\r\njunk", id="followed by another"),
            pytest.param(reply() + b"junk", id="followed by junk"),
        ],
    )
    async def test_a_response_is_read(self, answer: bytes) -> None:
        assert await fetch(saying(answer, hold=True)) == ONE

    async def test_a_response_may_end_with_its_connection(self) -> None:
        assert await fetch(saying(b"HTTP/1.1 200 OK\r\n\r\n" + JSON)) == ONE

    async def test_a_response_may_come_byte_by_byte(self) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await take_request(reader)
            for byte in chunked(JSON, head=b"x: y\r\n"):
                writer.write(bytes([byte]))
                await writer.drain()
            await reader.read()

        assert await fetch(script) == ONE

    async def test_a_response_may_come_before_the_request_has_been_read(self) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(reply(head=b"HTTP/1.1 413 Too Large"))
            await writer.drain()
            await reader.read()

        async with raw_server(script) as url:
            transport = HttpTransport(url)
            assert await transport.fetch(SubgraphRequest("s", "{a}" + " " * 5_000_000)) == ONE
            await transport.aclose()


MALFORMED = {
    "nothing of HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "another protocol's answer": b"\x15\x03\x01\x00\x02\x02\x46",
    "two lengths": reply()[:-13] + b"content-length: 3\r\n\r\n" + JSON,
    "a length and chunks": reply(transfer_encoding="chunked"),
    "a negative length": reply(content_length="-1"),
    "a length that is no number": reply(content_length="x"),
    "a length beyond counting": reply(content_length="9" * 30),
    "another transfer coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a chunk size that is none": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    "an unasked upgrade": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello",
    "an unknown encoding": reply(content_encoding="br"),
    "gzip that is none": reply(content_encoding="gzip"),
    "gzip without its end": reply(gzip.compress(JSON)[:-8], content_encoding="gzip"),
    "zlib as gzip": reply(zlib.compress(JSON), content_encoding="gzip"),
    "no JSON": reply(b"<html>"),
    "JSON in another encoding": reply(JSON.decode().encode("utf-16")),
    "the wrong shape": reply(b'{"data": []}'),
    "nothing": reply(b""),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
}
"""Responses that are none."""


class TestMalformed:
    @pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
    async def test_what_is_no_response_is_malformed(self, answer: bytes) -> None:
        with pytest.raises(MalformedResponse):
            await fetch(saying(answer, hold=True))

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(reply(b"x" * LIMIT)[: LIMIT // 2], id="of a known length"),
            pytest.param(chunked(JSON)[:-7], id="in chunks"),
            pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", id="in the headers"),
            pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="after its announcement"),
            pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + JSON[:-1], id="that ends with its connection"),
        ],
    )
    async def test_a_response_that_breaks_off_is_malformed(self, answer: bytes) -> None:
        with pytest.raises(MalformedResponse):
            await fetch(saying(answer))


class TestTooLarge:
    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(reply(b"", content_length=str(1 << 30)), id="by its own word"),
            pytest.param(
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40000000\r\n" + b" " * LIMIT * 2, id="chunk"
            ),
            pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * LIMIT * 2, id="of unknown length"),
            pytest.param(reply(gzip.compress(b" " * LIMIT * 50), content_encoding="gzip"), id="when decompressed"),
            pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"y" * MAX_OVERHEAD, id="header"),
            pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * (MAX_OVERHEAD // 5), id="headers"),
            pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" * (MAX_OVERHEAD // 20), id="announcements"),
            pytest.param(chunked(JSON)[:-2] + b"x: " + b"y" * MAX_OVERHEAD * 2, id="trailer"),
        ],
    )
    async def test_no_more_is_read_than_allowed(self, answer: bytes) -> None:
        with pytest.raises(MalformedResponse, match="too large"):
            await fetch(saying(answer, hold=True))

    async def test_an_endless_response_is_cut_off(self) -> None:
        written = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal written
            await take_request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
            while True:
                writer.write(b" " * 10_000)
                await writer.drain()
                written += 10_000

        with pytest.raises(MalformedResponse, match="too large"):
            await fetch(script)
        assert written < 1 << 28


class TestSilence:
    async def test_a_server_that_never_answers_costs_the_timeout(self) -> None:
        with pytest.raises(SubgraphTimeout):
            await fetch(saying(hold=True), patience=0.05)

    async def test_a_server_that_never_ends_its_answer_costs_the_timeout(self) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await take_request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
            while True:
                writer.write(b" ")
                await asyncio.sleep(0.01)

        with pytest.raises(SubgraphTimeout):
            await fetch(script, patience=0.1)

    async def test_a_server_that_hangs_up_is_unreachable(self) -> None:
        with pytest.raises(SubgraphUnreachable):
            await fetch(saying())

    async def test_a_server_that_reads_and_hangs_up_is_unreachable(self) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await take_request(reader)

        with pytest.raises(SubgraphUnreachable):
            await fetch(script)
