"""What is kept of subgraphs' answers, and what is asked for all the same."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from router.serve import Engine, GraphQLRequest, RequestContext
from router.serve.caching.caches import Caches, InvalidCaching
from router.serve.caching.config import Caching, Lifetime, Scope, SubgraphCaching
from tests.router.serve.caching.shop import SUPERGRAPH, Graph, caller, graph

PUBLIC = "max-age=60, public"
RATED = "query ($first: Int) { products(first: $first) { id name rating } }"


@pytest.fixture
def shop() -> Graph:
    """A router that keeps what its subgraphs call public."""
    made = graph(Caching())
    made.products.say(PUBLIC)
    made.reviews.say(PUBLIC)
    return made


def ratings(answer: Mapping[str, Any]) -> list[str]:
    return [each["rating"] for each in answer["data"]["products"]]


class TestRoots:
    async def test_what_is_there_is_not_asked_for(self, shop: Graph) -> None:
        first = await shop.ask(RATED, caller())
        asked = shop.asked
        for _ in range(5):  # by the interpreter, and by generated code
            assert await shop.ask(RATED, caller(subject="bob")) == first
        assert shop.asked == asked

    async def test_other_variables_are_other_requests(self, shop: Graph) -> None:
        for number in (1, 2, 1, 2):
            answer = await shop.ask("query ($n: ID!) { product(id: $n) { id } }", caller(), {"n": str(number)})
            assert answer == {"data": {"product": {"id": str(number)}}}
        assert shop.asked == 2

    async def test_nothing_is_kept_that_nobody_allows(self, shop: Graph) -> None:
        shop.products.headers = ()
        for _ in range(3):
            await shop.ask("{ products { id } }", caller())
        assert shop.asked == 3

    async def test_the_schema_allows_where_there_are_no_headers(self, shop: Graph) -> None:
        shop.products.headers = ()
        for _ in range(3):
            await shop.ask("{ stamp }", caller())
        assert shop.asked == 1

    async def test_errors_are_not_kept(self, shop: Graph) -> None:
        shop.world.failing.add("1")
        for _ in range(2):
            answer = await shop.ask("{ products { id name } }", caller())
            assert answer["errors"]
        assert shop.asked == 2

    async def test_a_status_that_tells_of_failure_keeps_nothing(self, shop: Graph) -> None:
        shop.products.status = 500
        for _ in range(2):
            assert (await shop.ask("{ products { id } }", caller()))["data"]
        assert shop.asked == 2

    async def test_mutations_are_always_executed_and_what_follows_them_is_asked_anew(self, shop: Graph) -> None:
        await shop.ask(RATED, caller())
        for number in range(2):
            await shop.ask('mutation { touch(id: "1") { id rating } }', caller())
            assert (len(shop.products.asked), len(shop.reviews.asked)) == (2 + number, 2 + number)

    async def test_extensions_about_tags_are_not_told(self, shop: Graph) -> None:
        shop.products.extensions = {"apolloCacheTags": ["x"], "trace": "t"}
        answer = await shop.ask("{ products { id } }", caller())
        assert answer["extensions"] == {"trace": "t"}

    async def test_what_is_too_large_is_not_kept(self) -> None:
        shop = graph(Caching(max_entry_bytes=30))
        shop.products.say(PUBLIC)
        for _ in range(2):
            await shop.ask("{ products { id name } }", caller())
            await shop.ask("{ stamp }", caller())
        assert len(shop.products.asked) == 4

    async def test_a_subgraph_in_this_process_is_kept_by_its_schema(self) -> None:
        shop = graph(Caching(subgraphs={"products": SubgraphCaching(lifetimes={"Query.products": Lifetime(60)})}))
        shop.products.by_http = shop.reviews.by_http = False
        shop.products.extensions = {"apolloCacheTags": ["x"]}
        first = await shop.ask("{ products { id name } }", caller())
        assert "extensions" not in first
        for _ in range(4):
            assert await shop.ask("{ products { id name } }", caller()) == first
            assert await shop.ask("{ stamp mine }", caller()) != first
        assert len(shop.products.asked) == 1 + 4
        assert shop.caches is not None
        assert await shop.caches.invalidate_tags(["x"], tenant="a") == 1

    async def test_requests_at_the_same_time_are_one(self, shop: Graph) -> None:
        shop.products.open.clear()
        asked = [asyncio.create_task(shop.ask("{ products { id name } }", caller())) for _ in range(10)]
        await asyncio.sleep(0)
        shop.products.open.set()
        answers = await asyncio.gather(*asked)
        assert all(each == answers[0] for each in answers)
        assert shop.asked == 1

    @pytest.mark.parametrize("answers", [False, True])
    async def test_what_many_want_is_asked_for_once(self, answers: bool) -> None:  # noqa: FBT001 - a parameter of the test
        """However many people want it meanwhile, each under a name of their own."""
        shop = graph(Caching(answers=answers))
        for each in (shop.products, shop.reviews):
            each.say(PUBLIC)
        query = "{ products(first: 2) { id rating } }"
        await shop.ask(query, caller("b"))  # by now it is known that answers are public
        shop.products.open.clear()
        asked = [asyncio.create_task(shop.ask(query, caller(subject=f"s{number}"))) for number in range(50)]
        await shop.products.reached(2)
        shop.products.open.set()
        got = await asyncio.gather(*asked)
        assert all(each == got[0] for each in got)
        assert (len(shop.products.asked), len(shop.reviews.asked)) == (2, 2)

    @pytest.mark.parametrize("fields", ["name", "rating"], ids=["roots", "entities"])
    async def test_who_asks_after_an_invalidation_gets_nothing_older(self, fields: str) -> None:
        shop = graph(Caching(answers=True))
        shop.products.say(PUBLIC)
        shop.reviews.say(PUBLIC)
        query = f'{{ product(id: "1") {{ {fields} }} }}'
        await shop.ask(query, caller("b"))  # by now it is known that answers are public
        slow = shop.products if fields == "name" else shop.reviews
        slow.open.clear()
        before = asyncio.create_task(shop.ask(query, caller(subject="ann")))
        await slow.reached(2)
        shop.world.versions["a"] += 1
        assert shop.caches is not None
        await shop.caches.invalidate_tags(["product-1"], tenant="a")
        after = asyncio.create_task(shop.ask(query, caller(subject="bob")))
        await slow.reached(3)
        slow.open.set()
        old, new = await before, await after
        assert [each["data"]["product"][fields][-1] for each in (old, new)] == ["0", "1"]
        assert await shop.ask(query, caller(subject="eve")) == new

    async def test_those_who_wait_for_somebody_elses_private_answer_get_their_own(self, shop: Graph) -> None:
        await shop.ask("{ mine }", caller())  # which was public, so that it is looked for as such
        shop.products.say("max-age=60, private")
        assert shop.caches is not None
        await shop.caches.invalidate_subgraph("products", tenant="a")
        shop.products.open.clear()
        people = ["ann", "bob", "cid"]
        asked = [asyncio.create_task(shop.ask("{ mine }", caller(subject=each))) for each in people]
        await asyncio.sleep(0)
        shop.products.open.set()
        answers = [each["data"]["mine"] for each in await asyncio.gather(*asked)]
        assert [each.split("/")[1] for each in answers] == people


class TestEntities:
    async def test_only_those_are_asked_for_that_are_not_there(self, shop: Graph) -> None:
        await shop.ask(RATED, caller(), {"first": 2})
        answer = await shop.ask(RATED, caller(), {"first": 4})
        assert shop.reviews.asked[-1][1] == ["3", "4"]
        assert ratings(answer) == ["a/[]/None/0"] * 4
        assert [each["id"] for each in answer["data"]["products"]] == ["1", "2", "3", "4"]

    async def test_they_are_put_together_in_order(self, shop: Graph) -> None:
        query = "query ($n: Int) { products(first: $n) { id reviews { text } } }"
        await shop.ask(query, caller(), {"n": 4})
        assert shop.caches is not None
        await shop.caches.invalidate_tags(["product-2", "product-4"], tenant="a")
        shop.world.versions["a"] += 1
        answer = await shop.ask(query, caller(), {"n": 4})
        assert shop.reviews.asked[-1][1] == ["2", "4"]
        texts = [each["reviews"][0]["text"] for each in answer["data"]["products"]]
        assert [text.partition(":")[0] for text in texts] == ["1", "2", "3", "4"]
        assert [text[-1] for text in texts] == ["0", "1", "0", "1"]

    async def test_those_with_errors_are_asked_for_again_and_others_are_not(self, shop: Graph) -> None:
        await shop.ask(RATED, caller(), {"first": 1})
        shop.world.failing.add("3")
        for _ in range(2):
            answer = await shop.ask(
                "query ($first: Int) { products(first: $first) { id rating } }", caller(), {"first": 4}
            )
            assert ratings(answer)[2] is None
            assert [each["path"] for each in answer["errors"]] == [["products", 2, "rating"]]
        assert [ids for _, ids in shop.reviews.asked[1:]] == [["2", "3", "4"], ["3"]]

    async def test_those_that_are_not_there_are_asked_for_again(self, shop: Graph) -> None:
        shop.world.missing.add("2")
        for _ in range(2):
            assert ratings(await shop.ask(RATED, caller(), {"first": 3}))[1] is None
        assert [ids for _, ids in shop.reviews.asked] == [["1", "2", "3"], ["2"]]

    async def test_the_same_entity_is_kept_apart_by_what_is_selected(self, shop: Graph) -> None:
        query = "query ($n: Int) { product(id: 1) { id reviews(first: $n) { text } } }"
        for number in (1, 2, 1, 2):
            answer = await shop.ask(query, caller(), {"n": number})
            assert len(answer["data"]["product"]["reviews"]) == number
        assert len(shop.reviews.asked) == 2
        await shop.ask("{ product(id: 1) { id rating } }", caller())
        assert len(shop.reviews.asked) == 3

    async def test_entities_have_tags_of_their_own(self, shop: Graph) -> None:
        shop.reviews.extensions = {"apolloEntityCacheTags": [["one"], ["two", "even"], ["three"]]}
        await shop.ask(RATED, caller())
        assert shop.caches is not None
        assert await shop.caches.invalidate_tags(["even"], tenant="a") == 1
        await shop.ask(RATED, caller())
        assert shop.reviews.asked[-1][1] == ["2"]

    @pytest.mark.parametrize("tags", ["x", [["x"], "y"], [[1], [], []]])
    async def test_entities_whose_tags_cannot_be_told_are_not_kept(self, shop: Graph, tags: Any) -> None:
        shop.reviews.extensions = {"apolloEntityCacheTags": tags}
        await shop.ask(RATED, caller())
        await shop.ask(RATED, caller())
        assert "1" in shop.reviews.asked[-1][1] or "2" in shop.reviews.asked[-1][1]

    async def test_requests_at_the_same_time_are_one(self, shop: Graph) -> None:
        await shop.ask("{ products { id } }", caller())
        shop.reviews.open.clear()
        asked = [asyncio.create_task(shop.ask("{ products { id rating } }", caller())) for _ in range(5)]
        for _ in range(20):
            await asyncio.sleep(0)
        shop.reviews.open.set()
        answers = await asyncio.gather(*asked)
        assert all(each == answers[0] for each in answers)
        assert len(shop.reviews.asked) == 1

    async def test_they_are_kept_for_what_is_deferred_as_well(self, shop: Graph) -> None:
        for _ in range(2):
            request = GraphQLRequest("{ products { id ... @defer { rating } } }")
            response = await shop.engine.execute_incrementally(request, caller())
            assert [update async for update in response.updates]
        assert shop.asked == 2


class TestConfiguration:
    async def test_nothing_is_kept_of_a_subgraph_that_is_left_out(self) -> None:
        shop = graph(Caching(subgraphs={"reviews": SubgraphCaching(enabled=False)}))
        shop.products.say(PUBLIC)
        shop.reviews.say(PUBLIC)
        for _ in range(3):
            await shop.ask(RATED, caller())
        assert (len(shop.products.asked), len(shop.reviews.asked)) == (1, 3)

    async def test_a_default_is_private_unless_said_otherwise(self) -> None:
        for scope, asked in ((Scope.PRIVATE, 2), (Scope.PUBLIC, 1)):
            shop = graph(Caching(SubgraphCaching(default_seconds=60, default_scope=scope)))
            for subject in ("ann", "bob", "ann"):
                await shop.ask("{ products { id } }", caller(subject=subject))
            assert shop.asked == asked

    @pytest.mark.parametrize(
        "config",
        [
            Caching(subgraphs={"nobody": SubgraphCaching()}),
            Caching(subgraphs={"products": SubgraphCaching(tags={"Query.products": ("{id}",)})}),
        ],
    )
    def test_what_does_not_fit_the_supergraph_is_refused(self, config: Caching) -> None:
        with pytest.raises(InvalidCaching):
            Engine.from_sdl(
                SUPERGRAPH, {"products": graph().products, "reviews": graph().reviews}, answers=Caches(config)
            )

    @pytest.mark.parametrize(
        "wrong",
        [
            {"memory_bytes": 0},
            {"max_entry_bytes": 0},
            {"max_seconds": 0},
            {"redis_seconds": 0},
            {"redis_url": "http://x"},
            {"invalidation_secret": "short"},
        ],
    )
    def test_what_cannot_be_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"Redis|secret|bounds"):
            Caching(**wrong)

    async def test_a_hook_may_keep_callers_apart_or_out(self) -> None:
        def by_plan(context: RequestContext) -> str | None:
            return None if context.identity is None else str(context.identity.claims.get("plan"))

        shop = graph(caches=Caches(Caching(), by_plan))
        shop.products.say(PUBLIC)
        for _ in range(2):
            for context in (caller(plan="free"), caller(plan="paid"), RequestContext()):
                await shop.ask("{ products { id } }", context)
        assert shop.asked == 4

    async def test_another_supergraph_takes_nothing_over(self) -> None:
        caches = Caches(Caching())
        one = graph(caches=caches)
        one.products.say(PUBLIC)
        await one.ask("{ products { id } }", caller())
        same = graph(caches=caches)
        await same.ask("{ products { id } }", caller())
        assert same.asked == 0
        changed = SUPERGRAPH.replace("type Vendor", '"""Changed."""\ntype Vendor')
        other = Engine.from_sdl(changed, {"products": one.products, "reviews": one.reviews}, answers=caches)
        operation = await other.prepare(GraphQLRequest("{ products { id } }"), caller())
        await operation.execute(None, caller())
        assert one.asked == 2
