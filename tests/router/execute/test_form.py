"""Files go to a subgraph as they are read, and nothing in their names says anything to its server."""

import asyncio
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from starlette.datastructures import Headers, UploadFile

from router.execute import HttpTransport, SubgraphRequest
from router.execute.transport import SubgraphUnreachable
from router.execute.transport.form import FormParts, form_of
from tests.patience import PATIENCE_SECONDS
from tests.router.execute.raw_server import raw_server, reply

MUTATION = "mutation($file: Upload) { save(file: $file) }"


def upload(content: bytes = b"abc", name: str = "a.txt", type_: str = "text/plain") -> UploadFile:
    return UploadFile(BytesIO(content), filename=name, headers=Headers({"content-type": type_}))


def form(**variables: Any) -> FormParts:
    found = form_of({"query": MUTATION, "variables": variables})
    assert found is not None
    return found


async def body(parts: FormParts) -> bytes:
    return b"".join([piece async for piece in parts.pieces()])


class TestParts:
    async def test_it_is_as_long_as_it_says_each_time_it_is_sent(self) -> None:
        parts = form(file=upload(b"x" * 200_000), more=[upload(b"")])
        first = await body(parts)
        assert len(first) == parts.size
        assert await body(parts) == first

    async def test_two_can_read_one_file_at_the_same_time(self) -> None:
        file = upload(bytes(range(256)) * 2000)
        first, second = await asyncio.gather(body(form(file=file)), body(form(file=file)))
        assert first.count(bytes(range(256))) == second.count(bytes(range(256))) == 2000

    async def test_one_file_in_two_places_is_sent_once(self) -> None:
        file = upload()
        sent = await body(form(file=file, more={"again": file}))
        assert b'{"0":["variables.file","variables.more.again"]}' in sent
        assert sent.count(b"filename=") == 1

    @pytest.mark.parametrize(
        ("name", "type_", "written"),
        [
            ('a"; x="b', "text/plain", b'filename="a%22; x=%22b"\r\ncontent-type: text/plain\r\n'),
            ("a\r\nb: c", "text/plain", b'filename="a%0D%0Ab: c"\r\ncontent-type: text/plain\r\n'),
            ("ä", "text/plain; charset=utf-8", 'filename="ä"\r\ncontent-type: text/plain; charset=utf-8\r\n'.encode()),
            ("a", "text/plain\r\nb: c", b'filename="a"\r\ncontent-type: application/octet-stream\r\n'),
            ("", "", b'filename="0"\r\ncontent-type: application/octet-stream\r\n'),
        ],
    )
    async def test_names_and_types_cannot_add_headers(self, name: str, type_: str, written: bytes) -> None:
        assert written in await body(form(file=upload(name=name, type_=type_)))

    @pytest.mark.parametrize("variables", [{}, {"a": None}, {"a": [1, {"b": "c"}]}])
    def test_without_files_there_is_no_form(self, variables: Mapping[str, Any]) -> None:
        assert form_of({"query": MUTATION, "variables": variables}) is None

    async def test_a_file_that_is_gone_is_an_error_of_the_system(self) -> None:
        file = upload()
        parts = form(file=file)
        await file.close()
        with pytest.raises(OSError, match="closed"):
            await body(parts)

    async def test_a_file_that_has_become_shorter_too(self) -> None:
        file = upload()
        parts = form(file=file)
        file.file.truncate(1)
        with pytest.raises(OSError, match="shorter"):
            await body(parts)


class TestSending:
    async def test_a_server_that_answers_before_it_has_read_all_is_heard(self) -> None:
        """The rest is not sent, least of all as the beginning of the next request."""
        connections = 0

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply(b'{"data":{"save":"a"}}'))
            await reader.read()

        async with raw_server(answer) as url:
            transport = HttpTransport(url)
            for _ in range(2):
                request = SubgraphRequest("s", MUTATION, {"file": upload(b"x" * 20_000_000)})
                async with asyncio.timeout(PATIENCE_SECONDS):
                    assert (await transport.fetch(request)).data == {"save": "a"}
            await transport.aclose()
        assert connections == 2

    async def test_a_server_that_leaves_in_the_middle_is_unreachable(self) -> None:
        async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")

        async with raw_server(leave) as url:
            transport = HttpTransport(url)
            request = SubgraphRequest("s", MUTATION, {"file": upload(b"x" * 20_000_000)})
            with pytest.raises(SubgraphUnreachable):
                await transport.fetch(request)
            await transport.aclose()

    async def test_what_is_neither_json_nor_a_file_is_a_bug(self) -> None:
        with pytest.raises(TypeError):
            await HttpTransport("http://s").fetch(SubgraphRequest("s", MUTATION, {"file": object()}))
