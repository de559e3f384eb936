"""Clients are told what their operations cost, and refused over HTTP when they have had enough."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from router.compose import Composed, Subgraph, compose
from router.execute import HttpTransport
from router.execute.response import Response
from router.serve import Engine, GraphQLRequest, Hooks, RequestContext, create_app
from router.serve.access.identity import Identity
from router.serve.demand.config import Demand, Per, Rate, Unit
from router.serve.demand.control import DemandControl
from router.serve.demand.counters import LocalCounters
from tests.router.serve.library import LibrarySubgraph, library_engine

RATE = Rate("rate", 5, 60)
HOUR = 3_600 * 24 * 365 * 100
"""A window that does not end while a test runs."""

DRY = {"x-dry-run": "1"}
BOOKS = "query ($n: Int) { books(first: $n) { id title author { name } } }"
ADA = RequestContext(identity=Identity("ada", "acme", "web"))


@pytest.fixture
def subgraph() -> LibrarySubgraph:
    return LibrarySubgraph()


def controlled(subgraph: LibrarySubgraph, **demand: Any) -> Engine:
    return library_engine(subgraph, control=DemandControl(replace(Demand(), **demand)))


@asynccontextmanager
async def client_of(engine: Engine) -> AsyncGenerator[httpx2.AsyncClient]:
    async def authenticate(headers: Any, parameters: Any) -> RequestContext:
        tenant = headers.get("tenant")
        return RequestContext(identity=Identity("ada", tenant) if tenant else None)

    app = create_app(engine, hooks=Hooks(authenticate))
    transport = httpx2.ASGITransport(app, client=("192.0.2.7", 1234))
    async with httpx2.AsyncClient(transport=transport, base_url="http://router") as client:
        yield client


async def ask(
    client: httpx2.AsyncClient, query: str, tenant: str = "", headers: dict[str, str] | None = None, **variables: Any
) -> httpx2.Response:
    given = {**({"tenant": tenant} if tenant else {}), **(headers or {})}
    return await client.post("/graphql", json={"query": query, "variables": variables}, headers=given)


class TestTold:
    @pytest.mark.parametrize("times", [1, 5])  # the answer is text from the third on
    async def test_estimated_and_actual_cost(self, subgraph: LibrarySubgraph, times: int) -> None:
        async with client_of(controlled(subgraph, told=True, measured=True)) as client:
            answer = [(await ask(client, BOOKS, n=3)).json() for _ in range(times)][-1]
        assert len(answer["data"]["books"]) == 3
        assert answer["extensions"] == {"cost": {"estimated": 6, "actual": 6}}

    async def test_what_remains_and_until_when(self, subgraph: LibrarySubgraph) -> None:
        rate = Rate("cost", 100, HOUR, Unit.COST)
        async with client_of(controlled(subgraph, told=True, measured=True, rates=(rate,))) as client:
            await ask(client, BOOKS, "acme", n=3)
            answer = await ask(client, BOOKS, "acme", n=5)
        cost = answer.json()["extensions"]["cost"]
        assert (cost["estimated"], cost["actual"], cost["remaining"]) == (10, 10, 84)
        assert cost["resetAt"] == "2069-12-07T00:00:00Z"
        assert answer.headers["ratelimit-policy"] == f'"cost";q=100;w={HOUR};qu="cost"'
        assert answer.headers["ratelimit"].startswith('"cost";r=84;t=')

    async def test_nothing_is_told_unless_it_is_wanted(self, subgraph: LibrarySubgraph) -> None:
        async with client_of(controlled(subgraph)) as client:
            answer = await ask(client, BOOKS, n=3)
        assert "extensions" not in answer.json()
        assert "ratelimit" not in answer.headers

    async def test_what_was_estimated_too_much_is_given_back(self, subgraph: LibrarySubgraph) -> None:
        rate = Rate("cost", 100, HOUR, Unit.COST)
        engine = controlled(subgraph, told=True, measured=True, rates=(rate,))
        request = GraphQLRequest("{ book(id: 0) { author { name books { id } } } }")
        told = [(await engine.execute(request, ADA)).extensions["cost"] for _ in range(20)]
        assert {(each["estimated"], each["actual"], each["remaining"]) for each in told} == {(12, 0, 100)}


class TestRefused:
    async def test_too_many_requests(self, subgraph: LibrarySubgraph) -> None:
        async with client_of(controlled(subgraph, rates=(Rate("requests", 2, HOUR),))) as client:
            statuses = [(await ask(client, "{ whoami }", "acme")).status_code for _ in range(4)]
            refused = await ask(client, "{ whoami }", "acme")
            other = await ask(client, "{ whoami }", "other")
        assert statuses == [200, 200, 429, 429]
        assert other.status_code == 200
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert "data" not in refused.json()
        assert 0 < int(refused.headers["retry-after"]) <= HOUR
        assert refused.headers["ratelimit"] == f'"requests";r=0;t={refused.headers["retry-after"]}'
        assert len(subgraph.library.seen) == 3

    async def test_too_much_cost(self, subgraph: LibrarySubgraph) -> None:
        async with client_of(controlled(subgraph, rates=(Rate("cost", 10, HOUR, Unit.COST),))) as client:
            first, second = await ask(client, BOOKS, "acme", n=4), await ask(client, BOOKS, "acme", n=2)
        assert (first.status_code, second.status_code) == (200, 429)
        assert len(subgraph.library.seen) == 1

    async def test_by_address(self, subgraph: LibrarySubgraph) -> None:
        async with client_of(controlled(subgraph, rates=(Rate("addresses", 1, HOUR, per=Per.ADDRESS),))) as client:
            statuses = [(await ask(client, "{ whoami }")).status_code for _ in range(2)]
        assert statuses == [200, 429]

    async def test_requests_that_are_not_valid_count_and_then_cost_no_work(self, subgraph: LibrarySubgraph) -> None:
        engine = controlled(subgraph, rates=(Rate("requests", 2, HOUR),))
        codes: list[str] = []
        for number in range(5):
            response = await engine.execute(GraphQLRequest(f"{{ nothing{number} }}"), ADA)
            codes.append(response.errors[0]["extensions"]["code"])
        assert codes == ["GRAPHQL_VALIDATION_FAILED"] * 2 + ["RATE_LIMITED"] * 3
        assert len(engine.caches["documents"]) == 2  # so many were looked at

    async def test_documents_that_nobody_has_seen_are_charged_before_they_are_looked_at(
        self, subgraph: LibrarySubgraph
    ) -> None:
        engine = controlled(subgraph, rates=(Rate("requests", 3, HOUR),))
        requests = [GraphQLRequest(f"{{ n{number}: whoami }}") for number in range(20)]
        responses = await asyncio.gather(*(engine.execute(each, ADA) for each in requests))
        codes = Counter(each["extensions"]["code"] for response in responses for each in response.errors)
        assert codes == {"RATE_LIMITED": 17}
        assert len(engine.caches["documents"]) == 3
        assert len(subgraph.library.seen) == 3

    async def test_so_are_those_of_a_graph_with_rules_of_access(self) -> None:
        link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@authenticated"])'
        composed = compose([Subgraph("s", "http://s", f"{link} type Query {{ a: Int @authenticated }}")])
        assert isinstance(composed, Composed)
        control = DemandControl(Demand(rates=(Rate("requests", 2, HOUR),)))
        engine = Engine.from_sdl(composed.supergraph_sdl, {"s": HttpTransport("http://s")}, control=control)
        codes: list[str] = []
        for number in range(4):
            response = await engine.execute(GraphQLRequest(f"{{ nothing{number} }}"), ADA)
            codes += [each["extensions"]["code"] for each in response.errors]
        assert codes == ["GRAPHQL_VALIDATION_FAILED"] * 2 + ["RATE_LIMITED"] * 2
        assert len(engine.caches["documents"]) == 2

    async def test_who_has_nothing_left_is_refused_before_the_body_is_read(self, subgraph: LibrarySubgraph) -> None:
        async def body() -> AsyncGenerator[bytes]:
            read.append(b"")
            yield b'{"query": "{ whoami }"}'

        read: list[bytes] = []
        headers = {"tenant": "acme", "content-type": "application/json"}
        async with client_of(controlled(subgraph, rates=(Rate("requests", 1, HOUR),))) as client:
            statuses = [(await ask(client, "{ whoami }", "acme")).status_code for _ in range(2)]
            refused = await client.post("/graphql", content=body(), headers=headers)
        assert [*statuses, refused.status_code] == [200, 429, 429]
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert read == []

    async def test_rates_may_depend_on_the_request(self, subgraph: LibrarySubgraph) -> None:
        def rates_for(context: RequestContext) -> list[Rate]:
            generous = context.identity is not None and context.identity.tenant == "acme"
            return [Rate("requests", 3 if generous else 1, HOUR)]

        async with client_of(library_engine(subgraph, control=DemandControl(rates_for=rates_for))) as client:
            acme = [(await ask(client, "{ whoami }", "acme")).status_code for _ in range(4)]
            other = [(await ask(client, "{ whoami }", "other")).status_code for _ in range(2)]
        assert (acme, other) == ([200, 200, 200, 429], [200, 429])

    async def test_subscriptions_are_charged_when_they_begin(self, subgraph: LibrarySubgraph) -> None:
        engine = controlled(subgraph, rates=(Rate("requests", 1, HOUR),))
        request = GraphQLRequest("subscription { ticks(upTo: 2) }")
        events = [each.data async for each in engine.subscribe(request, ADA)]
        assert events == [{"ticks": 0}, {"ticks": 1}]
        response = await engine.execute(GraphQLRequest("{ whoami }"), ADA)
        assert response.errors[0]["extensions"]["code"] == "RATE_LIMITED"


class TestDryRun:
    @pytest.mark.parametrize(
        ("query", "cost"),
        [("{ books(first: 3) { author { name } } }", 6), ('mutation { rename(id: 1, title: "x") { id } }', 11)],
    )
    async def test_the_price_is_told_and_nothing_done_or_charged(
        self, subgraph: LibrarySubgraph, query: str, cost: int
    ) -> None:
        engine = controlled(subgraph, dry_run_header="X-Dry-Run", rates=(Rate("requests", 1, HOUR),))
        async with client_of(engine) as client:
            for _ in range(3):
                answer = await ask(client, query, "acme", DRY)
                assert (answer.status_code, answer.json()) == (
                    200,
                    {"data": None, "extensions": {"cost": {"estimated": cost}}},
                )
            assert subgraph.library.seen == []
            assert (await ask(client, query, "acme")).status_code == 200

    async def test_the_price_of_a_subscription(self, subgraph: LibrarySubgraph) -> None:
        engine = controlled(subgraph, dry_run_header="x-dry-run")
        request = GraphQLRequest("subscription { ticks(upTo: 2) }")
        context = replace(ADA, dry_run=True)
        answers = [each.as_json() async for each in engine.subscribe(request, context)]
        assert answers == [{"data": None, "extensions": {"cost": {"estimated": 0}}}]

    async def test_without_the_setting_the_header_means_nothing(self, subgraph: LibrarySubgraph) -> None:
        async with client_of(controlled(subgraph)) as client:
            answer = await ask(client, "{ whoami }", headers=DRY)
        assert answer.json() == {"data": {"whoami": None}}

    async def test_what_may_not_be_executed_has_no_price(self, subgraph: LibrarySubgraph) -> None:
        async with client_of(controlled(subgraph, dry_run_header="x-dry-run", operation_cost=5)) as client:
            answer = await ask(client, BOOKS, headers=DRY, n=100)
        assert answer.json()["errors"][0]["extensions"]["code"] == "COST_ESTIMATED_TOO_EXPENSIVE"
        assert "costs 200, and none may cost more than 5" in answer.json()["errors"][0]["message"]


def test_a_response_that_is_text_may_have_extensions() -> None:
    response = Response(raw=b'{"a":1}', extensions={"cost": {"estimated": 1}})
    assert response.as_bytes() == b'{"data":{"a":1},"extensions":{"cost":{"estimated":1}}}'


async def test_counts_of_windows_that_are_over_are_forgotten() -> None:
    counters = LocalCounters()
    for window in range(3):
        for key in range(10):
            assert await counters.add(RATE, window, str(key), 1) == 1
    assert await counters.add(RATE, 1, "0", -1) == 0
    assert await counters.add(RATE, 2, "0", 1) == 2
    assert len(counters._windows.of(RATE, 2) or ()) == 10  # pyright: ignore[reportPrivateUsage]  # what is held
