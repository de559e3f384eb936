"""What clients, and caches between them and the router, see of what is kept; and invalidation over HTTP."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from router.serve import Hooks, Identity, RequestContext, create_app
from router.serve.caching.caches import Caches
from router.serve.caching.config import Caching
from router.serve.caching.memory import MemoryStore
from router.serve.caching.store import StoreUnavailable
from router.serve.telemetry.config import Metrics, TelemetryConfig
from router.serve.telemetry.telemetry import Telemetry
from tests.router.serve.caching.shop import Graph, caller, graph
from tests.router.serve.telemetry.scraping import scraped

SECRET = "a secret of some length"
RATED = "{ products { id rating } }"


async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
    """The token is the subject."""
    let_through = {name: headers[name] for name in ("accept-language", "authorization") if name in headers}
    subject = headers.get("authorization")
    return RequestContext(let_through, identity=None if subject is None else Identity(subject, "a"))


@asynccontextmanager
async def reached(shop: Graph) -> AsyncGenerator[httpx2.AsyncClient]:
    app = create_app(shop.engine, hooks=Hooks(authenticate))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        yield client


async def ask(client: httpx2.AsyncClient, query: str, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await client.post("/graphql", json={"query": query}, headers=named)
    assert response.status_code == 200
    return response


def shop(caching: Caching | None = None) -> Graph:
    made = graph(caching or Caching())
    made.products.say("max-age=60, public")
    made.reviews.say("max-age=30, public")
    return made


@pytest.mark.parametrize("answers", [False, True])
async def test_clients_are_told_the_least_of_all_parts(answers: bool) -> None:  # noqa: FBT001 - a parameter of the test
    async with reached(shop(Caching(answers=answers))) as client:
        first, second = await ask(client, RATED), await ask(client, RATED)
    assert first.json() == second.json()
    assert (first.headers["cache-control"], first.headers["age"]) == ("max-age=30, public", "0")
    assert first.headers["cache-status"] == "router; fwd=miss"
    assert second.headers["cache-control"] == "max-age=30, public"
    assert second.headers["cache-status"].startswith("router; hit; ttl=")
    assert {"accept", "authorization", "cookie"} <= {each.strip() for each in second.headers["vary"].split(",")}


async def test_what_a_known_caller_gets_is_private_to_caches_on_the_way() -> None:
    async with reached(shop()) as client:
        response = await ask(client, RATED, authorization="ann")
        assert response.headers["cache-control"] == "max-age=30, private"


async def test_answers_of_which_a_part_was_there_say_so() -> None:
    async with reached(shop()) as client:
        await ask(client, "{ products(first: 2) { id rating } }")
        response = await ask(client, RATED)
    assert response.headers["cache-status"] == "router; fwd=partial"


async def test_nobody_keeps_errors_mutations_or_what_a_subgraph_forbids() -> None:
    made = shop()
    made.world.failing.add("1")
    async with reached(made) as client:
        for query in ("{ products { name } }", 'mutation { touch(id: "1") { id } }', "{ __typename }"):
            assert (await ask(client, query)).headers["cache-control"] == "no-store"
        made.products.say("no-store")
        response = await ask(client, "{ stamp }")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["cache-status"] == "router; fwd=bypass"


async def test_a_client_may_have_an_answer_made_anew() -> None:
    made = shop(Caching(answers=True))
    async with reached(made) as client:
        await ask(client, "{ stamp }")
        made.world.versions[None] += 1
        old = (await ask(client, "{ stamp }")).json()
        anew = await ask(client, "{ stamp }", cache_control="no-cache")
        assert anew.headers["cache-status"] == "router; fwd=request"
        assert anew.json() != old
        assert (await ask(client, "{ stamp }")).json() == anew.json()  # it is what is kept from now on
        made.world.versions[None] += 1
        apart = await ask(client, "{ stamp }", cache_control="no-store")
        assert apart.json() != anew.json()
        assert apart.headers["cache-control"] == "no-store"
        assert (await ask(client, "{ stamp }")).json() == anew.json()


async def test_a_client_may_not_where_that_is_not_wanted() -> None:
    made = shop(Caching(bypass=False))
    async with reached(made) as client:
        for said in ("max-age=60", "no-cache", "no-store"):
            await ask(client, "{ stamp }", cache_control=said)
    assert made.asked == 1


async def test_without_caches_nothing_is_said() -> None:
    async with reached(graph()) as client:
        headers = (await ask(client, RATED)).headers
    assert headers.keys().isdisjoint({"cache-control", "age", "cache-status"})


async def test_operators_see_what_caches_do() -> None:
    telemetry = Telemetry(TelemetryConfig(metrics=Metrics()))
    made = graph(Caching(answers=True), telemetry=telemetry)
    for each in (made.products, made.reviews):
        each.say("max-age=60, public")
    for _ in range(3):
        await made.ask(RATED)
    await made.ask("{ products(first: 2) { id rating } }")
    assert made.caches is not None
    await made.caches.invalidate_tags(["product-1", "other"])
    await made.caches.invalidate_types("products", ["Product"])
    found = scraped(telemetry.registry)
    counted = {
        kind: [found[f"router_cache_{name}_total", kind] for name in ("hits", "misses", "stored")]
        for kind in ("answers", "roots", "entities")
    }
    assert counted == {"answers": [2, 2, 2], "roots": [0, 2, 2], "entities": [2, 3, 3]}
    assert found["router_cache_stored_bytes_total", "entities"] > 0
    by = {name: found["router_cache_invalidations_total", name] for name in ("tags", "types", "subgraphs")}
    assert by == {"tags": 2, "types": 1, "subgraphs": 0}
    assert found["router_cache_store_entries",] == made.caches.store.state.entries > 0
    assert found["router_cache_store_bytes",] > 0
    assert found["router_cache_store_up",] == 1


class TestInvalidation:
    async def test_whoever_has_the_secret_may_invalidate(self) -> None:
        made = shop(Caching(invalidation_secret=SECRET))
        async with reached(made) as client:
            await made.ask(RATED, caller())
            for asked, removed in (
                ({"tenant": "a", "tags": ["product-1", "product-2"]}, {"removed": 2}),
                ({"tags": ["product-3"]}, {"removed": 0}),
                ({"tenant": "a", "subgraph": "products", "types": ["*"]}, {}),
                ({"tenant": "a", "subgraph": "reviews", "types": ["Product"]}, {}),
            ):
                response = await client.post(
                    "/cache/invalidate", json=asked, headers={"authorization": f"Bearer {SECRET}"}
                )
                assert (response.status_code, response.json()) == (200, removed)
            await made.ask(RATED, caller())
        assert [ids for _, ids in made.reviews.asked] == [["1", "2", "3"], ["1", "2", "3"]]

    async def test_empty_lists_mean_nothing(self) -> None:
        made = shop(Caching(invalidation_secret=SECRET))
        async with reached(made) as client:
            await made.ask(RATED, caller())
            for asked, removed in (
                (b'{"tenant": "a", "tags": []}', {"removed": 0}),
                (b'{"tenant": "a", "subgraph": "products", "types": []}', {}),
            ):
                headers = {"authorization": f"Bearer {SECRET}"}
                response = await client.post("/cache/invalidate", content=asked, headers=headers)
                assert (response.status_code, response.json()) == (200, removed)
            await made.ask(RATED, caller())
        assert made.asked == 2

    async def test_nobody_else_may(self) -> None:
        made = shop(Caching(invalidation_secret=SECRET))
        async with reached(made) as client:
            for given in ({}, {"authorization": "Bearer other"}, {"authorization": SECRET}):
                response = await client.post("/cache/invalidate", json={"tags": ["x"]}, headers=given)
                assert response.status_code == 401
            assert (await client.get("/cache/invalidate")).status_code == 405

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"{}",
            b'{"tags": "x"}',
            b'{"tags": [1]}',
            b'{"tags": ["x"], "subgraph": "products"}',
            b'{"tags": ["x"], "types": ["x"]}',
            b'{"subgraph": null, "types": ["x"]}',
            b'{"subgraph": "products"}',
            b'{"subgraph": "products", "types": null}',
            b'{"subgraph": "products", "types": "*"}',
            b'{"types": ["x"]}',
            b'{"tenant": 1, "tags": []}',
            b'{"tenant": 0, "tags": []}',
            b'{"tenant": false, "tags": []}',
            b'{"tags": ["x"], "all": true}',
            b'{"tags": ["' + b"x" * 1_000 + b'"]}',
            b'{"tags": [' + b'"x",' * 10_000 + b'"x"]}',
        ],
        ids=lambda body: body[:40].decode(),
    )
    async def test_it_has_to_be_said_what(self, body: bytes) -> None:
        async with reached(shop(Caching(invalidation_secret=SECRET))) as client:
            headers = {"authorization": f"Bearer {SECRET}"}
            assert (await client.post("/cache/invalidate", content=body, headers=headers)).status_code == 400

    async def test_what_is_too_large_is_not_read_to_its_end(self) -> None:
        async with reached(shop(Caching(invalidation_secret=SECRET))) as client:
            headers = {"authorization": f"Bearer {SECRET}"}
            response = await client.post("/cache/invalidate", content=b" " * 1_100_000, headers=headers)
        assert response.status_code == 413

    async def test_who_asks_is_told_if_it_could_not_be_done(self) -> None:
        class Unavailable(MemoryStore):
            async def invalidate_tags(self, tenant: str, tags: Any) -> int:
                raise StoreUnavailable("It is not there.")

        made = graph(caches=Caches(Caching(invalidation_secret=SECRET), store=Unavailable(1_000)))
        async with reached(made) as client:
            headers = {"authorization": f"Bearer {SECRET}"}
            response = await client.post("/cache/invalidate", json={"tags": ["x"]}, headers=headers)
        assert response.status_code == 503

    async def test_there_is_no_such_path_without_a_secret(self) -> None:
        for made in (shop(), graph()):
            async with reached(made) as client:
                assert (await client.post("/cache/invalidate", json={"tags": ["x"]})).status_code == 404
