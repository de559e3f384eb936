"""What a policy asks for holds at the application's edge, and nothing of it is on by accident."""

import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx2
import pytest

from router.serve import Engine, Hooks, Refused, RequestContext, create_app
from router.serve.http.config import Compression, Cors, CrossSite, HttpPolicy, PolicyError
from tests.router.serve.library import LibrarySubgraph

WHO = {"data": {"whoami": None}}
STUDIO = "https://studio.example"
CROSS = {"sec-fetch-site": "cross-site"}
JSON = {"content-type": "application/json"}


@asynccontextmanager
async def client_of(engine: Engine, policy: HttpPolicy | None = None) -> AsyncGenerator[httpx2.AsyncClient]:
    app = create_app(engine, http=policy)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        client.headers.clear()
        yield client


def codes(response: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


class TestCompression:
    async def test_answers_come_as_the_client_takes_them(self, engine: Engine) -> None:
        query = {"query": "{ books(first: 100) { id title author { name } } }"}
        async with client_of(engine) as client:
            small = await client.post("/graphql", json=query, headers={"accept-encoding": "gzip"})
            large = await client.post("/graphql", json=query)
        assert small.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in large.headers
        assert small.json() == large.json()
        assert int(small.headers["content-length"]) < int(large.headers["content-length"]) // 4
        assert small.headers["vary"] == large.headers["vary"] == "accept, accept-encoding"

    async def test_it_can_be_left_out(self, engine: Engine) -> None:
        query = {"query": "{ books(first: 100) { id title } }"}
        async with client_of(engine, HttpPolicy(compression=None)) as client:
            response = await client.post("/graphql", json=query, headers={"accept-encoding": "gzip"})
        assert "content-encoding" not in response.headers

    async def test_bodies_are_inflated(self, engine: Engine) -> None:
        body = gzip.compress(b'{"query":"{whoami}"}')
        async with client_of(engine) as client:
            response = await client.post("/graphql", content=body, headers={**JSON, "content-encoding": "gzip"})
        assert response.json() == WHO

    async def test_a_bomb_is_refused_and_the_next_request_answered(
        self, engine: Engine, subgraph: LibrarySubgraph
    ) -> None:
        bomb = gzip.compress(b" " * 20_000_000, 1)
        async with client_of(engine) as client:
            refused = await client.post("/graphql", content=bomb, headers={**JSON, "content-encoding": "gzip"})
            assert (refused.status_code, codes(refused)) == (413, ["PAYLOAD_TOO_LARGE"])
            assert subgraph.library.seen == []
            assert (await client.post("/graphql", json={"query": "{whoami}"})).json() == WHO


class TestCrossSite:
    async def test_a_page_of_another_site_has_nothing_executed(self, engine: Engine, subgraph: LibrarySubgraph) -> None:
        async with client_of(engine) as client:
            response = await client.get("/graphql?query={whoami}", headers=CROSS)
        assert (response.status_code, codes(response)) == (400, ["CSRF_PREVENTION"])
        assert subgraph.library.seen == []

    @pytest.mark.parametrize("headers", [{}, {**CROSS, "apollo-require-preflight": "1"}, {**CROSS, **JSON}])
    async def test_others_are_answered(self, engine: Engine, headers: dict[str, str]) -> None:
        async with client_of(engine) as client:
            assert (await client.get("/graphql?query={whoami}", headers=headers)).json() == WHO

    async def test_it_can_be_strict_or_left_out(self, engine: Engine) -> None:
        async with client_of(engine, HttpPolicy(cross_site=CrossSite(strict=True))) as client:
            assert codes(await client.get("/graphql?query={whoami}")) == ["CSRF_PREVENTION"]
            assert (await client.post("/graphql", json={"query": "{whoami}"})).json() == WHO
        async with client_of(engine, HttpPolicy(cross_site=None)) as client:
            assert (await client.get("/graphql?query={whoami}", headers=CROSS)).json() == WHO

    async def test_no_other_site_opens_a_socket_with_its_visitors_cookies(self, engine: Engine) -> None:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        scope = {
            "type": "websocket",
            "path": "/graphql",
            "subprotocols": ["graphql-transport-ws"],
            "headers": [(b"host", b"router"), (b"origin", STUDIO.encode()), (b"cookie", b"session=1")],
        }
        await create_app(engine)(scope, receive, send)
        assert sent[-1]["type"] == "websocket.close"
        assert sent[-1]["code"] == 4403


class TestCors:
    @staticmethod
    async def preflight(engine: Engine, cors: Cors | None, origin: str = STUDIO) -> httpx2.Response:
        asked = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,authorization",
        }
        async with client_of(engine, HttpPolicy(cors=cors)) as client:
            return await client.options("/graphql", headers=asked)

    async def test_nobody_is_let_in_by_default(self, engine: Engine) -> None:
        response = await self.preflight(engine, None)
        assert response.status_code == 405
        assert not [name for name in response.headers if name.startswith("access-control")]

    async def test_named_sites_are_let_in(self, engine: Engine) -> None:
        response = await self.preflight(engine, Cors(origins=(STUDIO,), credentials=True))
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == STUDIO
        assert response.headers["access-control-allow-credentials"] == "true"
        assert response.headers["access-control-allow-headers"] == "content-type,authorization"

    async def test_others_are_not(self, engine: Engine) -> None:
        response = await self.preflight(engine, Cors(origins=(STUDIO,)), "https://evil.example")
        assert response.status_code == 400
        assert "access-control-allow-origin" not in response.headers

    async def test_they_may_read_answers_and_refusals(self, engine: Engine) -> None:
        policy = HttpPolicy(cors=Cors(origins=(STUDIO,), exposed_headers=("x-cost",)))
        async with client_of(engine, policy) as client:
            for body, status in (({"query": "{whoami}"}, 200), ({}, 400)):
                response = await client.post("/graphql", json=body, headers={"origin": STUDIO, **CROSS})
                assert response.status_code == status
                assert response.headers["access-control-allow-origin"] == STUDIO
                assert response.headers["access-control-expose-headers"] == "x-cost"
                assert "Origin" in response.headers["vary"]


class TestHosts:
    @pytest.mark.parametrize("host", ["a b", "router/../x", "user@router", "router:port", "[::1", "a" * 400, "röuter"])
    async def test_what_is_no_host_is_refused(self, engine: Engine, host: str) -> None:
        async with client_of(engine) as client:
            headers = [(b"host", host.encode()), (b"content-type", b"application/json")]
            response = await client.post("/graphql", content=b'{"query":"{whoami}"}', headers=headers)
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])

    @pytest.mark.parametrize("host", ["router", "router:4000", "127.0.0.1:4000", "[::1]:4000", "a.b-c.example"])
    async def test_names_and_addresses_are_hosts(self, engine: Engine, host: str) -> None:
        async with client_of(engine) as client:
            assert (await client.post("/graphql", json={"query": "{whoami}"}, headers={"host": host})).json() == WHO

    async def test_only_named_hosts_are_ours(self, engine: Engine) -> None:
        async with client_of(engine, HttpPolicy(hosts=("router", "*.example.com"))) as client:
            for host, status in (("router:80", 200), ("a.example.com", 200), ("evil.test", 400), ("example.com", 400)):
                response = await client.get("/graphql?query={whoami}", headers={"host": host})
                assert response.status_code == status, host


class TestResourceMetadata:
    URL = "https://router.example/.well-known/oauth-protected-resource/graphql"

    @pytest.mark.parametrize(
        ("own", "told"),
        [
            ({}, f'Bearer resource_metadata="{URL}"'),
            ({"www-authenticate": "DPoP"}, f'DPoP resource_metadata="{URL}"'),
            (
                {"www-authenticate": 'Bearer error="invalid_token"'},
                f'Bearer error="invalid_token", resource_metadata="{URL}"',
            ),
        ],
    )
    @pytest.mark.parametrize("ask", [("POST", "/graphql"), ("PUT", "/graphql/stream")])
    async def test_who_has_no_good_token_learns_where_to_get_one(
        self, engine: Engine, own: dict[str, str], told: str, ask: tuple[str, str]
    ) -> None:
        async def refuse(headers: Any, parameters: Any) -> RequestContext:
            raise Refused.because("No.", "UNAUTHENTICATED", HTTPStatus.UNAUTHORIZED, own)

        app = create_app(engine, hooks=Hooks(refuse), http=HttpPolicy(resource_metadata=self.URL))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
            answer = await client.request(*ask, json={"query": "{ whoami }"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, told)

    @pytest.mark.parametrize("address", ["/metadata", 'https://r.example/"', "https://r.example/\n", "ftp://r.example"])
    def test_they_are_at_an_address_that_a_header_can_carry(self, address: str) -> None:
        with pytest.raises(PolicyError):
            HttpPolicy(resource_metadata=address)


class TestOddities:
    @pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "PROPFIND", "QUERY", "OPTIONS", "G\u0001T"])
    async def test_other_methods_are_refused(self, engine: Engine, method: str, subgraph: LibrarySubgraph) -> None:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b'{"query":"{whoami}"}'}

        scope = {
            "type": "http",
            "method": method,
            "path": "/graphql",
            "query_string": b"query={whoami}",
            "headers": [(b"content-type", b"application/json")],
        }
        await create_app(engine)(scope, receive, send)
        assert sent[0]["status"] == 405
        assert subgraph.library.seen == []

    async def test_a_huge_range_changes_nothing(self, engine: Engine) -> None:
        ranges = "bytes=" + ",".join(f"{number}-" for number in range(10_000))
        async with client_of(engine) as client:
            response = await client.get("/graphql?query={whoami}", headers={"range": ranges})
        assert (response.status_code, response.json()) == (200, WHO)

    def test_a_policy_is_plain_values(self) -> None:
        assert HttpPolicy() == HttpPolicy(cross_site=CrossSite(), compression=Compression())
