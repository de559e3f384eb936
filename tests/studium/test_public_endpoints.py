"""Subgraphs' own addresses at the router's."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from router.serve.errors import Refused
from router.serve.request import RequestContext
from shared.caller import Caller, TenantId, UserId
from shared.ids import uuid7
from shared.router_tokens import HEADER, RouterTokenVerifier, keys_of, public_keys
from shared.tokens import generate_signing_key
from studium.gateway import identify
from studium.public_endpoints import AUTH_PATHS, USERS_PATHS, SubgraphProxy, introducing, own_routes
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.server import serving


async def _echo(request: Request) -> Response:
    """Tells what it was asked, and sets two cookies."""
    told = {
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "method": request.method,
        "authorization": request.headers.get("authorization"),
        "body": (await request.body()).decode(),
    }
    answer = JSONResponse(told, status_code=418)
    answer.set_cookie("one", "1")
    answer.set_cookie("two", "2")
    return answer


async def _redirect(_: Request) -> Response:
    return RedirectResponse("https://app.example/back?code=1", status_code=303)


async def _secret(_: Request) -> Response:
    return Response("not for everybody")


SUBGRAPH = Starlette(
    routes=[
        Route("/t/{slug}/oauth/authorize", _redirect),
        Route("/t/{rest:path}", _echo, methods=["GET", "POST", "DELETE"]),
        Route("/.well-known/jwks.json", _echo),
        Route("/graphql", _secret, methods=["GET", "POST"]),
        Route("/ready", _secret),
    ]
)


@pytest.fixture
async def router() -> AsyncGenerator[AsyncClient]:
    """A router with nothing but the proxy."""
    async with serving(SUBGRAPH) as address:
        proxy = SubgraphProxy(f"http://{address}/.well-known/jwks.json", AUTH_PATHS)
        app = Starlette(routes=proxy.routes())
        async with proxy.running(app), AsyncClient(transport=ASGITransport(app), base_url="http://router") as client:
            yield client


class TestPassingOn:
    async def test_a_request_arrives_as_it_came(self, router: AsyncClient) -> None:
        headers = {"authorization": "Basic eDp5"}
        answer = await router.post("/t/north/oauth/token?a=%2F%20", content=b"grant_type=x", headers=headers)
        assert answer.status_code == 418
        assert answer.json() == {
            "path": "/t/north/oauth/token",
            "query": "a=%2F%20",
            "method": "POST",
            "authorization": "Basic eDp5",
            "body": "grant_type=x",
        }
        assert answer.headers.get_list("set-cookie") == ["one=1; Path=/; SameSite=lax", "two=2; Path=/; SameSite=lax"]

    async def test_a_redirection_is_the_browsers_to_follow(self, router: AsyncClient) -> None:
        answer = await router.get("/t/north/oauth/authorize")
        assert (answer.status_code, answer.headers["location"]) == (303, "https://app.example/back?code=1")

    @pytest.mark.parametrize("path", ["/graphql", "/ready", "/t/../graphql", "/.well-known/../graphql"])
    async def test_nothing_else_is_reached(self, router: AsyncClient, path: str) -> None:
        assert "not for everybody" not in (await router.get(path)).text
        assert "not for everybody" not in (await router.get(path.replace("..", "%2e%2e"))).text

    async def test_too_much_is_refused(self, router: AsyncClient) -> None:
        assert (await router.post("/t/north/oauth/token", content=b"x" * (1024 * 1024 + 1))).status_code == 413


async def test_a_long_answer_arrives_as_it_is_made() -> None:
    arrived = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"first "
        await arrived.wait()
        yield b"second"

    async def fetch(_: Request) -> Response:
        return StreamingResponse(pieces(), headers={"content-length": "12"})

    async with AsyncExitStack() as running:
        address = await running.enter_async_context(serving(Starlette(routes=[Route("/t/north/exports/1", fetch)])))
        proxy = SubgraphProxy(f"http://{address}", AUTH_PATHS)
        app = Starlette(routes=proxy.routes())
        await running.enter_async_context(proxy.running(app))
        client = await running.enter_async_context(
            AsyncClient(base_url=f"http://{await running.enter_async_context(serving(app))}", timeout=PATIENCE_SECONDS)
        )
        async with client.stream("GET", "/t/north/exports/1") as answer:
            assert answer.headers["content-length"] == "12"
            read = b""
            async for piece in answer.aiter_raw():
                read += piece
                arrived.set()
        assert read == b"first second"


async def test_a_subgraph_that_is_away() -> None:
    proxy = SubgraphProxy("http://127.0.0.1:9/.well-known/jwks.json", AUTH_PATHS)
    app = Starlette(routes=proxy.routes())
    async with proxy.running(app), AsyncClient(transport=ASGITransport(app), base_url="http://router") as client:
        assert (await client.get("/t/north/oauth/jwks")).status_code == 502


def test_routes_within_the_routers_process() -> None:
    assert [getattr(route, "path", "") for route in own_routes(SUBGRAPH.routes)] == [
        "/t/{slug}/oauth/authorize",
        "/t/{rest:path}",
        "/.well-known/jwks.json",
    ]


_KEY = generate_signing_key()
_TENANT, _USER = TenantId(uuid7()), UserId(uuid7())


async def _who(request: Request) -> Response:
    """Tells whom the router has introduced."""
    verifier = RouterTokenVerifier("users", keys_of(public_keys(_KEY)))
    token = await verifier.presented(request.headers)
    caller = None if token is None else await verifier.caller(token)
    own = request.headers.get("authorization")
    return JSONResponse({"own": own, "user": None if caller is None else str(caller.user_id)})


USERS = Starlette(routes=[Route("/t/{slug}/scim/v2/Users", _who), Route("/graphql", _secret)])


async def _authenticate(headers: Mapping[str, str], _: Mapping[str, Any] | None) -> RequestContext:
    """One token is good, one is not, and of others nobody knows."""
    given = headers.get("authorization")
    if given == "Bearer bad":
        raise Refused.because("no", "UNAUTHENTICATED", HTTPStatus.UNAUTHORIZED)
    if given == "Bearer unknown":
        raise Refused.because("away", "SERVICE_UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE)
    if given is None:
        return RequestContext()
    caller = Caller(_TENANT, _USER, "OWNER", frozenset({"users:provision"}), session_id=uuid7())
    return RequestContext({"authorization": given}, caller, identity=identify(caller, 2**33))


@pytest.mark.parametrize("inside", [True, False], ids=["in this process", "behind HTTP"])
async def test_the_router_says_who_asks_and_nobody_says_it_themselves(*, inside: bool) -> None:
    introduce = introducing(_authenticate, _KEY, "users")
    async with serving(USERS) as address, AsyncExitStack() as running:
        proxy = SubgraphProxy(f"http://{address}/graphql", USERS_PATHS, introduce)
        app = Starlette(routes=own_routes(USERS.routes, introduce) if inside else proxy.routes())
        await running.enter_async_context(proxy.running(app))
        client = await running.enter_async_context(AsyncClient(transport=ASGITransport(app), base_url="http://router"))
        forged = {HEADER: f"Bearer {'x' * 10}"}
        expected: tuple[tuple[dict[str, str], Any], ...] = (
            ({"authorization": "Bearer good"}, {"own": None, "user": str(_USER)}),
            ({"authorization": "Bearer good", **forged}, {"own": None, "user": str(_USER)}),
            ({"authorization": "Bearer bad"}, {"own": None, "user": None}),
            (forged, {"own": None, "user": None}),
            ({"authorization": "Bearer unknown"}, {"error": "temporarily_unavailable"}),
        )
        for headers, told in expected:
            assert (await client.get("/t/north/scim/v2/Users", headers=headers)).json() == told
        assert "not for everybody" not in (await client.get("/graphql")).text


async def test_without_a_key_a_callers_own_token_is_passed_on() -> None:
    introduce = introducing(_authenticate, None, "users")
    assert await introduce({"authorization": "Bearer good"}) == {"authorization": "Bearer good"}
    assert await introduce({"authorization": "Bearer bad"}) == {}
