"""Addresses that outsiders name are asked without harm to what is inside."""

import socket
import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.outbound import MAX_BYTES, Outbound, OutboundRefused


@pytest.fixture
async def outbound() -> AsyncGenerator[Outbound]:
    asking = Outbound()
    yield asking
    await asking.aclose()


@pytest.fixture
async def neighbourly() -> AsyncGenerator[Outbound]:
    """Asks servers on this machine too."""
    asking = Outbound(private=True)
    yield asking
    await asking.aclose()


@pytest.fixture
async def server() -> AsyncGenerator[TestServer]:
    async def answer(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/redirect":
                raise web.HTTPFound("/object")
            case "/object":
                return web.json_response({"is": "here"})
            case "/list":
                return web.json_response([])
            case "/text":
                return web.Response(text="no JSON")
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                for _ in range(MAX_BYTES // 65_536 + 2):
                    await response.write(b" " * 65_536)
                return response
            case _:
                raise web.HTTPNotFound

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    running = TestServer(app)
    await running.start_server()
    yield running
    await running.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://",
        "https://somebody:secret@example.org/",
        "https://127.0.0.1/",
        "https://127.0.0.1:6379/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://[64:ff9b::10.1.2.3]/",
        "https://[64:ff9b:1::1]/",
        "https://[fec0::1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://example.org:port/",
        "no address",
    ],
)
async def test_what_is_not_public_is_not_asked(outbound: Outbound, url: str) -> None:
    with pytest.raises(OutboundRefused):
        await outbound.get(url)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001"])
async def test_a_name_of_this_machine_is_not_asked_either(outbound: Outbound, server: TestServer, host: str) -> None:
    with pytest.raises(OutboundRefused):
        await outbound.get(server.make_url("/object").with_scheme("https").with_host(host).human_repr())


async def test_a_good_answer_is_given(neighbourly: Outbound, server: TestServer) -> None:
    assert await neighbourly.get_json(str(server.make_url("/object"))) == {"is": "here"}
    assert await neighbourly.post_form(str(server.make_url("/object")), {"a": "b"}, {}) == {"is": "here"}


@pytest.mark.parametrize("path", ["/redirect", "/nowhere", "/endless", "/list", "/text"])
async def test_any_other_answer_is_none(neighbourly: Outbound, server: TestServer, path: str) -> None:
    with pytest.raises(OutboundRefused):
        await neighbourly.get_json(str(server.make_url(path)))


async def test_names_are_looked_up_beside_everything_else(
    neighbourly: Outbound, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow ones keep nobody waiting who wants a thread for something else."""
    names: list[str] = []
    look_up = socket.getaddrinfo

    def slow(*arguments: Any, **options: Any) -> Any:
        names.append(threading.current_thread().name)
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    url = server.make_url("/object").with_host("localhost")
    assert await neighbourly.get_json(str(url)) == {"is": "here"}
    assert [each for each in names if not each.startswith("outbound-names")] == []
    assert names
