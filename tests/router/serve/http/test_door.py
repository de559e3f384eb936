"""Who comes again after a refusal is told the same at the door, as long as it is the same."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import pytest
import uvicorn

from router.serve import Demand, DemandControl, Engine, Hooks, Rate, RequestContext, create_app
from router.serve.access.identity import Identity
from router.serve.http.config import Cors, HttpPolicy
from router.serve.http.door import MOST_BODY_BYTES, MOST_KNOWN, Again, Door, DoorApp, key_of
from router.serve.telemetry.config import Metrics, TelemetryConfig
from router.serve.telemetry.telemetry import Telemetry
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.server import serving, started

QUOTA: Final = 2
ASKED: Final = {"query": "{ whoami }"}
REFUSED: Final = "RATE_LIMITED"
SIMPLE: Final = (
    b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 22\r\n\r\n"
    b'{"query":"{ whoami }"}'
)
LAST: Final = SIMPLE.replace(b"/graphql", b"/nothing").replace(b"host: a\r\n", b"host: a\r\nconnection: close\r\n")


@dataclass
class Served:
    """A router with a clock of its own, which tells who was let in."""

    policy: HttpPolicy = field(default_factory=HttpPolicy)
    now: float = 1_000_000.25
    entered: list[str] = field(default_factory=list[str])
    telemetry: Telemetry = field(default_factory=lambda: Telemetry(TelemetryConfig(metrics=Metrics())))

    async def authenticate(self, headers: Mapping[str, str], _: Any) -> RequestContext:
        tenant = headers.get("tenant", "acme")
        self.entered.append(tenant)
        return RequestContext(identity=Identity("ada", tenant))

    def engine(self) -> Engine:
        demand = Demand(rates=(Rate("requests", QUOTA, 60),))
        control = DemandControl(demand, clock=lambda: self.now)
        return library_engine(LibrarySubgraph(), control=control, telemetry=self.telemetry)

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[httpx2.AsyncClient]:
        app = create_app(self.engine(), hooks=Hooks(self.authenticate), http=self.policy)
        async with serving(app) as address, httpx2.AsyncClient(base_url=f"http://{address}") as client:
            yield client

    async def known(self, client: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
        """Ask until the door knows, and forget who was let in."""
        answers = [await ask(client, **headers) for _ in range(QUOTA + 3)]
        self.entered.clear()
        return answers[-1]


async def ask(client: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
    return await client.post("/graphql", json=ASKED, headers=headers)


async def test_the_same_is_told_without_being_looked_at() -> None:
    served = Served()
    async with served.client() as client:
        told = await served.known(client)
        again = [await client.post("/graphql", json={"query": f"{{ a{number}: whoami }}"}) for number in range(5)]
    assert served.entered == []
    assert {each.status_code for each in again} == {429}
    assert all(each.content == told.content and each.headers == told.headers for each in again)
    assert told.json()["errors"][0]["extensions"]["code"] == REFUSED
    assert told.headers["retry-after"] == "20"


async def test_a_second_later_it_is_looked_at_once_more() -> None:
    served = Served()
    async with served.client() as client:
        told = await served.known(client)
        served.now += 1
        later = await ask(client)
        served.now += 60
        after = await ask(client)
    assert (told.headers["retry-after"], later.headers["retry-after"], after.status_code) == ("20", "19", 200)
    assert served.entered == ["acme", "acme"]


async def test_who_asks_otherwise_is_let_in() -> None:
    served = Served()
    async with served.client() as client:
        await served.known(client)
        other = await ask(client, tenant="other")
        html = await ask(client, accept="application/graphql-response+json")
        page = await client.get("/graphql", params=ASKED)
        health = await client.get("/health")
    assert served.entered == ["other", "acme", "acme"]
    assert [each.status_code for each in (other, html, page, health)] == [200, 429, 429, 200]
    assert html.headers["content-type"].startswith("application/graphql-response+json")


async def test_whom_a_proxy_asks_for_is_told_the_same_and_nobody_else() -> None:
    served = Served()
    async with served.client() as client:
        for address in ("192.0.2.1", "192.0.2.2"):
            await served.known(client, **{"x-forwarded-for": address})
            assert (await ask(client, **{"x-forwarded-for": address})).status_code == 429
            assert served.entered == []
        await ask(client, **{"x-forwarded-for": "192.0.2.3"})
    assert served.entered == ["acme"]


async def test_pages_of_other_sites_can_read_what_is_told() -> None:
    served = Served(HttpPolicy(cors=Cors(("https://a.example", "https://b.example"))))
    async with served.client() as client:
        for origin in ("https://a.example", "https://b.example"):
            await served.known(client, origin=origin)
            told = await ask(client, origin=origin)
            assert told.headers["access-control-allow-origin"] == origin
    assert served.entered == []


async def test_each_is_counted() -> None:
    served = Served()
    async with served.client() as client:
        await served.known(client)
        before = served.telemetry.numbers.requests["POST", 429], served.telemetry.numbers.errors[REFUSED]
        for _ in range(7):
            await ask(client, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        after = served.telemetry.numbers.requests["POST", 429], served.telemetry.numbers.errors[REFUSED]
    assert served.entered == []
    assert [late - early for late, early in zip(after, before, strict=True)] == [7, 7]
    assert served.telemetry.numbers.tenants["acme"].operations == QUOTA + 3 + 7


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (b"content-length: %d\r\n" % (MOST_BODY_BYTES + 1), b" " * (MOST_BODY_BYTES + 1)),
        (b"transfer-encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
        (b"content-length: 2\r\nconnection: close\r\n", b"{}"),
        (b"content-length: 2\r\nexpect: 100-continue\r\n", b"{}"),
    ],
    ids=["large", "chunked", "closing", "expecting"],
)
async def test_what_is_not_simple_is_looked_at(lines: bytes, body: bytes) -> None:
    served = Served()
    request = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n" + lines + b"\r\n" + body
    async with served.client() as client:
        for _ in range(QUOTA + 4):
            answer = await exchanged(client.base_url, request)
            assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 4", b"HTTP/1.1 100"))
    assert len(served.entered) == QUOTA + 4


async def test_several_requests_at_once_are_answered_in_their_order() -> None:
    served = Served()
    async with served.client() as client:
        for _ in range(QUOTA + 3):
            await exchanged(client.base_url, SIMPLE)
        served.entered.clear()
        answers = await exchanged(client.base_url, SIMPLE * 5 + LAST, b" 404 ")
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"429"] * 5 + [b"404"]


async def test_a_connection_is_not_idle_while_the_request_behind_a_refusal_is_answered() -> None:
    served, servers = Served(), list[uvicorn.Server]()

    async def authenticate(headers: Mapping[str, str], by: Any) -> RequestContext:
        if headers.get("tenant") == "other":
            for _ in range(10):  # in which a connection that is idle for no time at all ends
                await asyncio.sleep(0)
        return await served.authenticate(headers, by)

    async with started(create_app(served.engine(), hooks=Hooks(authenticate)), servers) as address:
        servers[0].config.timeout_keep_alive = 0
        url = httpx2.URL(f"http://{address}")
        for _ in range(QUOTA + 3):
            await exchanged(url, SIMPLE)
        served.entered.clear()
        answers = await exchanged(url, SIMPLE + SIMPLE.replace(b"host: a", b"host: a\r\ntenant: other"), b'"data":')
    assert served.entered == ["other"]
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"429", b"200"]


async def exchanged(url: httpx2.URL, request: bytes, last: bytes = b"}]}") -> bytes:
    """What comes back over a connection of its own, to the answer that ends with or has `last`."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write(request)
        got = b""
        while last not in got and b'"data":' not in got and (part := await reader.read(65_536)):
            got += part
        return got
    finally:
        writer.close()
        await writer.wait_closed()


async def _never(*_: object) -> Any:
    raise AssertionError


class TestDoor:
    def test_it_knows_no_more_than_it_may(self) -> None:
        door, looked = Door(), list[int]()
        for number in range(2 * MOST_KNOWN + 1):
            door.learn(key_of(b"/%d" % number, None, ()), Again(lambda: not looked.append(1), bool), b"")
            assert len(door.known) <= MOST_KNOWN
        assert key_of(b"/%d" % (2 * MOST_KNOWN), None, ()) in door.known
        assert not looked  # who varies their requests has nobody look through all that is known, each time

    async def test_connections_of_another_kind_have_it_forget_nothing(self) -> None:
        door = Door()
        door.learn(key_of(b"/", None, ()), Again(bool, bool), b"")

        async def app(*_: object) -> None:
            """Serve nothing."""

        await DoorApp(app, door)({"type": "websocket"}, _never, _never)
        assert door.known

    def test_long_headers_are_not_kept(self) -> None:
        door = Door()
        door.learn(key_of(b"/", None, [(b"authorization", b"x" * 10_000)]), Again(bool, bool), b"")
        assert not door.known
