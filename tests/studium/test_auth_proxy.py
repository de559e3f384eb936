"""The auth subgraph's own addresses at the router's, when the subgraph is behind HTTP."""

from collections.abc import AsyncGenerator

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from studium.auth_proxy import AuthProxy, own_routes
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
        proxy = AuthProxy(f"http://{address}/.well-known/jwks.json")
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


async def test_a_subgraph_that_is_away() -> None:
    proxy = AuthProxy("http://127.0.0.1:9/.well-known/jwks.json")
    app = Starlette(routes=proxy.routes())
    async with proxy.running(app), AsyncClient(transport=ASGITransport(app), base_url="http://router") as client:
        assert (await client.get("/t/north/oauth/jwks")).status_code == 502


def test_routes_within_the_routers_process() -> None:
    assert [getattr(route, "path", "") for route in own_routes(SUBGRAPH.routes)] == [
        "/t/{slug}/oauth/authorize",
        "/t/{rest:path}",
        "/.well-known/jwks.json",
    ]
