"""Nobody ever gets what was made for somebody else, or before what they depend on was invalidated.

Values tell whom they were made for and when, so that a router with caches must answer exactly as one without.
"""

import asyncio
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.serve import GraphQLRequest, Identity, RequestContext
from router.serve.caching.config import Caching, SubgraphCaching
from tests.router.serve.caching.shop import Graph, World, caller, graph

QUERIES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("{ products(first: 2) { id name rating } }", {}),
    ("query ($n: Int) { products(first: $n) { id reviews { text } } }", {"n": 3}),
    ("query ($n: Int) { products(first: $n) { id reviews { text } } }", {"n": 1}),
    ('{ product(id: "1") { name rating } }', {}),
    ('{ product(id: "2") { name rating reviews { text } } }', {}),
    ("{ mine }", {}),
    ("{ secret }", {}),
    ("{ mine latest { text } }", {}),
    ("{ stamp latest { text } }", {}),
    ('{ node(id: "1") { id ... on Product { rating } } }', {}),
    ("{ products(first: 2) { id ... @defer { rating reviews { text } } } }", {}),
    ('query ($if: Boolean!) { product(id: "1") { name ... @defer(if: $if) { rating } } }', {"if": True}),
    ('query ($if: Boolean!) { product(id: "1") { name ... @defer(if: $if) { rating } } }', {"if": False}),
    ('mutation { touch(id: "1") { id name rating } }', {}),
    ('{ product(id: "9") { name rating } node(id: "9") { id } }', {}),
)

CALLERS: tuple[RequestContext, ...] = (
    RequestContext(),
    RequestContext({"accept-language": "de"}),
    RequestContext({"authorization": "Bearer x"}),
    *(
        caller(tenant, subject, scopes, headers)
        for tenant in ("a", "b", None)
        for subject in ("ann", "bob")
        for scopes, headers in (((), {}), (("admin",), {}), ((), {"accept-language": "de", "authorization": "x"}))
    ),
)

TENANTS = ("a", "b", None)

PUBLIC, PRIVATE = "max-age=60, public", "max-age=60, private"

SAID = (
    (PUBLIC, PUBLIC),
    (PRIVATE, PRIVATE),
    ("max-age=60", "max-age=60"),
    ("no-store", "no-store"),
    ("", ""),
    (PRIVATE, PUBLIC),
    ("no-store", PUBLIC),
)
"""What the subgraphs say of everything: where products are public, what is somebody's own is left out."""

PERSONAL = frozenset({"{ mine }", "{ secret }", "{ mine latest { text } }"})


def tenant_of(context: RequestContext) -> str | None:
    return None if context.identity is None else context.identity.tenant


@st.composite
def sequences(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Requests by callers, changes of what one tenant has, and fields that fail, or are not there, for a while."""
    request = st.tuples(st.just("ask"), st.integers(0, len(QUERIES) - 1), st.integers(0, len(CALLERS) - 1))
    change = st.tuples(st.just("change"), st.sampled_from(TENANTS))
    failure = st.tuples(st.sampled_from(["fail", "miss"]), st.sampled_from(["1", "2", "9"]))
    return draw(st.lists(st.one_of(request, request, request, request, change, failure), min_size=5, max_size=30))


@cache
def pair(*, answers: bool) -> tuple[Graph, Graph]:
    """A router with caches and one without, over one world; they are made once, as that takes long."""
    world = World()
    return graph(Caching(SubgraphCaching(default_seconds=30), answers=answers), world=world), graph(world=world)


async def change(shop: Graph, tenant: str | None) -> None:
    """Change everything that a tenant has, and say so."""
    assert shop.caches is not None
    shop.world.versions[tenant] += 1
    for subgraph in ("products", "reviews"):
        await shop.caches.invalidate_subgraph(subgraph, tenant=tenant)


async def agree(said: tuple[str, str], steps: list[tuple[Any, ...]], *, answers: bool) -> None:
    """Take the same steps with caches and without."""
    cached, plain = pair(answers=answers)
    before = cached.asked, plain.asked
    for each, of_it in zip((cached.products, cached.reviews), said, strict=True):
        each.say(of_it)
        each.open = asyncio.Event()
        each.open.set()
    cached.world.failing.clear()
    cached.world.missing.clear()
    for tenant in TENANTS:
        await change(cached, tenant)
    for step in steps:
        if step[0] == "change":
            await change(cached, step[1])
            continue
        if step[0] in {"fail", "miss"}:
            await trouble(cached, *step)
            continue
        number, who = int(step[1]), int(step[2])
        (query, variables), context = QUERIES[number], CALLERS[who]
        if "public" in said[0] and query in PERSONAL:
            continue
        assert await parts(cached, query, context, variables) == await parts(plain, query, context, variables)
    assert cached.asked - before[0] <= plain.asked - before[1]


async def trouble(shop: Graph, kind: str, id_: str) -> None:
    """Let a product fail or be missing, or be in order again; no error is kept, so nobody has to tell of its end."""
    broken = shop.world.failing if kind == "fail" else shop.world.missing
    told = kind == "miss" or id_ not in broken
    broken ^= {id_}
    for tenant in TENANTS if told else ():
        await change(shop, tenant)


async def parts(shop: Graph, query: str, context: RequestContext, variables: Mapping[str, Any]) -> Any:
    """All that a client gets, with what is deferred."""
    if "@defer" not in query:
        return await shop.ask(query, context, variables)
    response = await shop.engine.execute_incrementally(GraphQLRequest(query, None, variables), context)
    later: list[Any] = [each async for update in response.updates for each in update.as_json().get("incremental", ())]
    return response.as_json(), sorted(map(str, later))


@pytest.mark.parametrize("said", SAID, ids="; ".join)
@pytest.mark.parametrize("answers", [False, True])
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=sequences())
def test_random_sequences_get_what_they_would_without_caches(
    said: tuple[str, str],
    answers: bool,  # noqa: FBT001 - a parameter of the test
    steps: list[tuple[Any, ...]],
) -> None:
    asyncio.run(agree(said, steps, answers=answers))


@pytest.mark.parametrize(
    ("products", "reviews", "times"), [(PRIVATE, PUBLIC, 2), ("no-store", PUBLIC, 4), (PUBLIC, "no-store", 4)]
)
async def test_a_whole_answer_is_kept_as_its_most_careful_part_may_be(products: str, reviews: str, times: int) -> None:
    shop, plain = graph(Caching(answers=True)), graph()
    shop.products.say(products)
    shop.reviews.say(reviews)
    query = "{ mine latest { text } }"
    whose = [caller(subject=each) for each in ("ann", "bob")] if "public" not in products else [caller(), caller()]
    for context in (*whose, *whose):
        assert await shop.ask(query, context) == await plain.ask(query, context)
    asked = shop.products if products != PUBLIC else shop.reviews
    assert len(asked.asked) == times


async def test_all_callers_in_turn_get_their_own() -> None:
    """Every caller after every other one, so that each could get what each other one has left."""
    for answers in (False, True):
        shop, plain = graph(Caching(answers=answers)), graph()
        shop.products.say("max-age=60, private")
        shop.reviews.say("max-age=60, public")
        expected = [await plain.ask(QUERIES[0][0], each) for each in CALLERS]
        for _ in range(2):
            for context, answer in zip(CALLERS, expected, strict=True):
                assert await shop.ask(QUERIES[0][0], context) == answer


@pytest.mark.parametrize("answers", [False, True])
async def test_tenants_at_the_same_time_get_their_own(answers: bool) -> None:  # noqa: FBT001 - a parameter of the test
    shop = graph(Caching(answers=answers))
    plain = graph(world=shop.world)
    for each in (shop.products, shop.reviews):
        each.say("max-age=60, public")
    chosen = [random.Random(seed).choice(QUERIES[:5]) for seed in range(60)]
    asked = [(query, CALLERS[number % len(CALLERS)], variables) for number, (query, variables) in enumerate(chosen)]
    got = await asyncio.gather(*(shop.ask(*each) for each in asked))
    for each, answer in zip(asked, got, strict=True):
        assert answer == await plain.ask(*each)


class TestWhoSharesWhat:
    """Pairs of callers: the second one gets what the first one has left, or asks anew."""

    @pytest.mark.parametrize(
        ("one", "other", "said", "shared"),
        [
            (caller(), caller(subject="bob"), "max-age=60, public", True),
            (caller(), caller(subject="bob"), "max-age=60, private", False),
            (caller(), caller(subject="bob"), "max-age=60", False),
            (caller(), caller(), "max-age=60, private", True),
            (caller("a"), caller("b"), "max-age=60, public", False),
            (caller("a"), caller(None), "max-age=60, public", False),
            (caller("-"), caller(None), "max-age=60, public", False),
            (caller(scopes=["x"]), caller(), "max-age=60, public", False),
            (caller(scopes=["x y"]), caller(scopes=["x", "y"]), "max-age=60, public", False),
            (caller(headers={"accept-language": "de"}), caller(), "max-age=60, public", False),
            (caller(headers={"traceparent": "1"}), caller(headers={"traceparent": "2"}), "max-age=60, public", True),
            (
                caller(headers={"authorization": "1"}),
                caller(headers={"authorization": "2"}),
                "max-age=60, public",
                True,
            ),
            (caller(), RequestContext(), "max-age=60, public", False),
            (RequestContext(), RequestContext(), "max-age=60", True),
            (RequestContext(), RequestContext(), "max-age=60, private", False),
            (RequestContext({"cookie": "1"}), RequestContext({"cookie": "1"}), "max-age=60, public", True),
            (RequestContext({"cookie": "1"}), RequestContext({"cookie": "2"}), "max-age=60, public", False),
            (RequestContext({"cookie": "1"}), RequestContext({"cookie": "1"}), "max-age=60", False),
            (caller(iss="1"), caller(iss="2"), "max-age=60, private", False),
            (caller(plan="1"), caller(plan="2"), "max-age=60, public", True),
        ],
    )
    async def test_pairs(self, one: RequestContext, other: RequestContext, said: str, shared: bool) -> None:  # noqa: FBT001 - a parameter of the test
        shop = graph(Caching())
        shop.products.say(said)
        await shop.ask("{ products { id name } }", one)
        await shop.ask("{ products { id name } }", other)
        assert shop.asked == (1 if shared else 2)

    async def test_claims_that_answers_depend_on_keep_callers_apart(self) -> None:
        shop = graph(Caching(claims=("plan",)))
        shop.products.say("max-age=60, public")
        for plan in ("free", "paid", "free"):
            await shop.ask("{ products { id } }", caller(plan=plan))
        assert shop.asked == 2

    async def test_who_has_ended_shares_nothing(self) -> None:
        shop = graph(Caching())
        shop.products.say("max-age=60, public")
        for _ in range(2):
            await shop.ask("{ products { id } }", RequestContext(identity=Identity("ann", "a", expires=1.0)))
        assert shop.asked == 2

    async def test_what_the_schema_calls_private_is(self) -> None:
        shop = graph(Caching())
        shop.products.say("max-age=60, public")
        answers = [await shop.ask("{ secret }", caller(subject=each)) for each in ("ann", "bob", "ann")]
        assert answers[0] == answers[2] != answers[1]
        assert shop.asked == 2
