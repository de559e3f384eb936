"""Subgraphs behind HTTP: a real server that behaves well or badly on purpose."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from router.execute import HttpTransport, SubgraphRequest, SubgraphResponse
from router.execute.transport import MalformedResponse, SubgraphTimeout, SubgraphUnreachable
from tests.router.serve.server import serving

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

ANSWER = orjson.dumps({"data": {"a": 1}})


@asynccontextmanager
async def subgraph(handler: Handler) -> AsyncGenerator[str]:
    async with serving(Starlette(routes=[Route("/", handler, methods=["POST"])])) as address:
        yield f"http://{address}/"


async def fetch(url: str, request: SubgraphRequest | None = None, **options: Any) -> SubgraphResponse:
    transport = HttpTransport(url, **options)
    try:
        return await transport.fetch(request or SubgraphRequest("s", "{a}"))
    finally:
        await transport.aclose()


def replying(content: bytes, status: int = 200, **headers: str) -> Handler:
    async def handler(request: Request) -> Response:
        return Response(content, status, {name.replace("_", "-"): value for name, value in headers.items()})

    return handler


class TestFetch:
    async def test_the_operation_is_posted_as_json(self) -> None:
        seen: list[Any] = []

        async def handler(request: Request) -> Response:
            seen.append((request.headers, await request.json()))
            return Response(ANSWER)

        headers = {"authorization": "Bearer x", "host": "evil", "content-length": "9", "accept-encoding": "br"}
        async with subgraph(handler) as url:
            response = await fetch(url, SubgraphRequest("s", "query A{a}", {"v": [1]}, "A", headers))
        assert response == SubgraphResponse({"a": 1})
        ((sent, body),) = seen
        assert body == {"query": "query A{a}", "variables": {"v": [1]}, "operationName": "A"}
        assert sent["authorization"] == "Bearer x"
        assert sent["content-type"] == "application/json"
        assert sent["host"].startswith("127.0.0.1")

    async def test_connections_are_kept(self) -> None:
        clients: set[Any] = set()

        async def handler(request: Request) -> Response:
            clients.add(request.client)
            return Response(ANSWER)

        async with subgraph(handler) as url:
            transport = HttpTransport(url)
            for _ in range(3):
                await transport.fetch(SubgraphRequest("s", "{a}"))
            await transport.aclose()
        assert len(clients) == 1

    async def test_cookies_are_never_kept(self) -> None:
        cookies: list[Any] = []

        async def handler(request: Request) -> Response:
            cookies.append(request.headers.get("cookie"))
            return Response(ANSWER, headers={"set-cookie": "who=me"})

        async with subgraph(handler) as url:
            transport = HttpTransport(url)
            for _ in range(2):
                await transport.fetch(SubgraphRequest("s", "{a}"))
            await transport.aclose()
        assert cookies == [None, None]

    async def test_a_compressed_response_is_read(self) -> None:
        async with subgraph(replying(gzip.compress(ANSWER), content_encoding="gzip")) as url:
            assert (await fetch(url)).data == {"a": 1}

    @pytest.mark.parametrize("status", [200, 400, 401, 500])
    async def test_a_graphql_response_counts_whatever_its_status(self, status: int) -> None:
        content = orjson.dumps({"data": None, "errors": [{"message": "no"}], "extensions": {"x": 1}})
        async with subgraph(replying(content, status)) as url:
            assert await fetch(url) == SubgraphResponse(None, ({"message": "no"},), {"x": 1})

    async def test_a_cancelled_fetch_ends_the_request(self) -> None:
        arrived, gone = asyncio.Event(), asyncio.Event()

        async def handler(request: Request) -> Response:
            await request.body()
            arrived.set()
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()
            return Response(ANSWER)

        async with subgraph(handler) as url:
            running = asyncio.create_task(fetch(url))
            await arrived.wait()
            running.cancel()
            async with asyncio.timeout(5):
                await gone.wait()


class TestFailures:
    @pytest.mark.parametrize(
        ("content", "status", "failure"),
        [
            (b"<html>", 200, MalformedResponse),
            (b"<html>", 404, MalformedResponse),
            (b"", 200, MalformedResponse),
            (b"[]", 200, MalformedResponse),
            (b"{}", 200, MalformedResponse),
            (b'{"data": 1}', 200, MalformedResponse),
            (b'{"data": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}", 200, MalformedResponse),
            (b"<html>", 500, SubgraphUnreachable),
            (b"{}", 503, SubgraphUnreachable),
        ],
        ids=range(9),
    )
    async def test_what_is_no_graphql_response_is_told_apart(
        self, content: bytes, status: int, failure: type[Exception]
    ) -> None:
        async with subgraph(replying(content, status)) as url:
            with pytest.raises(failure):
                await fetch(url)

    async def test_a_redirect_is_not_followed(self) -> None:
        async with subgraph(replying(b"", 307, location="http://127.0.0.1:9/")) as url:
            with pytest.raises(MalformedResponse):
                await fetch(url)

    async def test_nobody_listening_is_unreachable(self) -> None:
        with pytest.raises(SubgraphUnreachable):
            await fetch("http://127.0.0.1:1/")

    async def test_a_slow_subgraph_times_out(self) -> None:
        async def handler(request: Request) -> Response:
            await asyncio.sleep(5)
            return Response(ANSWER)

        async with subgraph(handler) as url:
            with pytest.raises(SubgraphTimeout):
                await fetch(url, timeout=0.1)

    @pytest.mark.parametrize("compressed", [False, True])
    async def test_an_endless_response_is_cut_off(self, compressed: bool) -> None:  # noqa: FBT001
        taken = 0

        async def endless() -> AsyncGenerator[bytes]:
            nonlocal taken
            part = gzip.compress(b" " * 1_000_000) if compressed else b" " * 100_000
            while True:
                taken += 1
                yield part
                await asyncio.sleep(0)

        async def handler(request: Request) -> Response:
            return StreamingResponse(endless(), headers={"content-encoding": "gzip"} if compressed else {})

        async with subgraph(handler) as url:
            with pytest.raises(MalformedResponse, match="too large"):
                await fetch(url, max_response_bytes=500_000)
        assert taken < 500

    async def test_a_response_that_breaks_off_is_malformed(self) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"data":')
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises((MalformedResponse, SubgraphUnreachable)):
                await fetch(f"http://127.0.0.1:{port}/")
