"""Documents made to hurt: each gets its small answer for little processor time, and the next request its own."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Final

import pytest
from graphql import build_schema

from router.execute import HttpTransport, InProcessTransport, Transport
from router.plan.errors import TooLong, TooManyChoices
from router.plan.nodes import QueryPlan
from router.serve import Engine, GraphQLRequest, Limits, Refused, RequestContext
from tests.router.execute.raw_server import raw_server, reply, take_request
from tests.router.serve.library import SDL, LibrarySubgraph

PROMPT_SECONDS: Final = 5.0
"""Of processor time. Generous: what it guards against takes many seconds."""

LARGEST_ANSWER: Final = 10_000
"""Bytes."""

JOIN: Final = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query mutation: Mutation subscription: Subscription }
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { LIBRARY @join__graph(name: "library", url: "http://library/graphql") }
"""  # noqa: E501  # one definition a line


@pytest.fixture
def engine() -> Engine:
    """A router that plans, with every default."""
    return engine_with(Limits())


def engine_with(limits: Limits, transport: Transport | None = None) -> Engine:
    subgraph = LibrarySubgraph()
    library = transport or InProcessTransport(subgraph.execute, subgraph.subscribe)
    sdl = JOIN + "".join(
        line.replace(" {", " @join__type(graph: LIBRARY) {", 1) + "\n" for line in SDL.strip().splitlines()
    )
    return Engine.from_sdl(sdl, {"library": library}, limits)


async def answer(engine: Engine, query: str, operation_name: str | None = None) -> str:
    """Code of the first error, or "" without one; whatever the query, the next one is answered."""
    started = time.process_time()
    response = await engine.execute(GraphQLRequest(query, operation_name), RequestContext())
    assert time.process_time() - started < PROMPT_SECONDS
    assert len(response.as_bytes()) < LARGEST_ANSWER
    next_one = await engine.execute(GraphQLRequest("{ book(id: 1) { id } }"), RequestContext())
    assert next_one.as_json() == {"data": {"book": {"id": "1"}}}
    return str(response.errors[0]["extensions"]["code"]) if response.errors else ""


def doubling(count: int, body: str = "...F{0} ...F{0}") -> str:
    spreads = [f"fragment F{n} on Author {{ {body.format(n + 1)} }}" for n in range(count)]
    return "{ book(id: 1) { author { ...F0 } } }" + "".join(spreads) + f"fragment F{count} on Author {{ name }}"


class TestFragments:
    @pytest.mark.parametrize("count", [18, 32, 60])
    async def test_fragments_that_double_are_refused(self, engine: Engine, count: int) -> None:
        assert await answer(engine, doubling(count)) == "OPERATION_TOO_COMPLEX"

    @pytest.mark.parametrize("count", [31, 32, 63, 64, 65])
    async def test_no_count_is_too_large_to_be_counted(self, engine: Engine, count: int) -> None:
        assert await answer(engine, doubling(count, "...F{0} ...F{0} name")) == "OPERATION_TOO_COMPLEX"

    async def test_aliases_within_fragments_count_at_every_spread(self) -> None:
        engine = engine_with(Limits(selections=10**9))
        assert await answer(engine, doubling(12, "...F{0} ...F{0} a{0}: name")) == "OPERATION_TOO_COMPLEX"

    @pytest.mark.parametrize("size", [1, 2, 500])
    async def test_fragments_in_a_circle_are_not_valid(self, engine: Engine, size: int) -> None:
        circle = "".join(f"fragment F{n} on Book {{ ...F{(n + 1) % size} }}" for n in range(size))
        assert await answer(engine, "{ book(id: 1) { ...F0 } }" + circle) in {
            "GRAPHQL_VALIDATION_FAILED",
            "OPERATION_TOO_DEEP",
        }

    async def test_eighty_fragments_that_spread_each_other_are_not_valid(self, engine: Engine) -> None:
        spreads = "".join(f"...F{n} " for n in range(80))
        text = "{ book(id: 1) { ...F0 } }" + "".join(f"fragment F{n} on Book {{ {spreads} }}" for n in range(80))
        assert await answer(engine, text) == "GRAPHQL_VALIDATION_FAILED"

    async def test_a_fragment_named_after_the_schema_is_measured_like_any_other(self, engine: Engine) -> None:
        deep = "author { books { " * 40 + "id" + " } }" * 40
        for name in ("__schema", "__type", "__typename"):
            text = f"query {name} {{ book(id: 1) {{ ...{name} }} }} fragment {name} on Book {{ {deep} }}"
            assert await answer(engine, text) == "OPERATION_TOO_DEEP"

    async def test_a_fragment_spread_first_at_the_root_and_then_deep_down_is_as_deep_there(
        self, engine: Engine
    ) -> None:
        inner = "author { books { " * 10 + "id" + " } }" * 10
        outer = "author { books { " * 8 + "...F" + " } }" * 8
        text = f"{{ shallow: book(id: 1) {{ ...F }} deep: book(id: 1) {{ {outer} }} }} fragment F on Book {{ {inner} }}"
        assert await answer(engine, text) == "OPERATION_TOO_DEEP"


class TestFields:
    async def test_four_thousand_times_the_same_field_is_one(self, engine: Engine) -> None:
        assert await answer(engine, "{ book(id: 1) {" + " title" * 4_000 + "} }") == ""

    async def test_many_conflicts_are_one_error(self, engine: Engine) -> None:
        assert await answer(engine, "{ book(id: 1) {" + " x: id x: title" * 750 + "} }") == "OPERATION_TOO_COMPLEX"
        assert await answer(engine, "{ book(id: 1) {" + " x: id x: title" * 90 + "} }") == "GRAPHQL_VALIDATION_FAILED"

    async def test_a_thousand_aliases_are_refused(self, engine: Engine) -> None:
        text = "{ book(id: 1) {" + "".join(f" a{n}: id" for n in range(1_000)) + "} }"
        assert await answer(engine, text) == "OPERATION_TOO_COMPLEX"

    async def test_introspection_in_circles_is_refused(self, engine: Engine) -> None:
        circular = "{ __schema { types { " + "fields { type { " * 5 + "name" + " } }" * 5 + " } } }"
        assert await answer(engine, circular) == "OPERATION_TOO_DEEP"

    async def test_asking_for_the_schema_again_and_again_is_refused(self, engine: Engine) -> None:
        text = "{ __schema { " + "".join(f"a{n}: types {{ fields {{ name }} }} " for n in range(50)) + "} }"
        assert await answer(engine, text) == "OPERATION_TOO_COMPLEX"

    @pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "__class__", "__init__"])
    async def test_names_that_other_languages_treat_specially_are_data(self, engine: Engine, name: str) -> None:
        text = f"query (${name}: ID!) {{ {name}: book(id: ${name}) {{ {name}: title }} }}"
        response = await engine.execute(GraphQLRequest(text, None, {name: "7"}), RequestContext())
        assert response.as_json() == {"data": {name: {name: "Book 7"}}}


class TestSubgraphs:
    """What a subgraph sends is data, whatever it is called."""

    ANSWER = (
        b'{"data":{"book":{"id":"1","id":"2","__class__":"x","__proto__":{"a":1},"more":[1]},"constructor":{}},'
        b'"__class__":"y","extra":1}'
    )

    async def test_extra_and_repeated_keys_do_not_get_through(self) -> None:
        async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await take_request(reader)
                writer.write(reply(self.ANSWER))
                await writer.drain()

        async with raw_server(answering) as url, aclosing(engine_with(Limits(), HttpTransport(url))) as engine:
            operation = await engine.prepare(GraphQLRequest("{ book(id: 1) { id } }"))
            answers = [await operation.execute(None, RequestContext(), raw=bool(turn % 2)) for turn in range(8)]
        assert {each.as_bytes() for each in answers} == {b'{"data":{"book":{"id":"2"}}}'}


class TestPlanning:
    @pytest.mark.parametrize("reason", [TooLong("No plan was found in time."), TooManyChoices("There are too many.")])
    async def test_what_takes_too_long_to_plan_is_refused_for_now(self, reason: TooManyChoices) -> None:
        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            raise reason

        engine = Engine(build_schema(SDL), plan, {})
        with pytest.raises(Refused) as refused:
            await engine.prepare(GraphQLRequest("{ whoami }"))
        assert refused.value.status == 503
        assert refused.value.errors[0]["extensions"] == {"code": "QUERY_PLANNING_LIMIT"}


REPEATED: Final[dict[str, Callable[[], str]]] = {
    "known directives": lambda: "{ whoami" + " @include(if: true)" * 2_400 + " }",
    "directives on a fragment": lambda: "{ ...F } fragment F on Query " + "@include(if: true) " * 2_400 + "{ whoami }",
    "unknown directives": lambda: "{ whoami" + " @nothing" * 3_000 + " }",
    "few unknown directives": lambda: "{ whoami" + " @nothing" * 400 + " }",
    "unknown fields": lambda: "{ book(id: 1) {" + "".join(f" nothing{n}" for n in range(5_000)) + "} }",
    "variables": lambda: "query (" + "$a: Int " * 3_500 + ") { whoami }",
    "unused variables": lambda: "query (" + "".join(f"$a{n}: Int " for n in range(3_500)) + ") { whoami }",
    "arguments": lambda: "{ book(" + "id: 1 " * 2_500 + ") { id } }",
    "unknown arguments": lambda: "{ book(id: 1" + "".join(f" id{n}: 1" for n in range(2_500)) + ") { id } }",
    "values": lambda: "{ book(id: [" + "1 " * 8_000 + "]) { id } }",
    "text in values": lambda: '{ book(id: 1, nothing: "' + "\u0001\u20ac" * 100_000 + '") { id } }',
    "fragments of one name": lambda: "{ book(id: 1) { ...F } }" + "fragment F on Book { id } " * 2_000,
    "operations": lambda: "".join(f"query q{n} {{ whoami }} " for n in range(2_900)),
    "operations with fragments": lambda: (
        "".join(f"query q{n} {{ ...F0 }} " for n in range(100))
        + "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(150))
        + "fragment F150 on Query { whoami }"
    ),
}


@pytest.mark.parametrize("what", REPEATED)
async def test_whatever_is_repeated_has_a_small_answer(engine: Engine, what: str) -> None:
    await answer(engine, REPEATED[what](), "q1")


class TestText:
    @pytest.mark.parametrize("length", [1_000, 200_000, 1_900_000])
    async def test_a_long_name_is_not_sent_back(self, engine: Engine, length: int) -> None:
        name = "n" * length
        expected = {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "OPERATION_RESOLUTION_FAILURE"}
        for text in (f"{{ {name} }}", f"{{ ...{name} }}", f"{{ {name}(", f"fragment {name} on {name} {{ id }}"):
            assert await answer(engine, text) in expected
        assert await answer(engine, "{ whoami }", name) == "OPERATION_RESOLUTION_FAILURE"

    async def test_a_long_line_that_is_no_graphql_is_neither_sent_back_nor_logged(
        self, engine: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            assert await answer(engine, "{ book(id: " + '"x" ' * 10_000 + "!") == "GRAPHQL_PARSE_FAILED"
            assert await answer(engine, "{ a " + "x" * 240_000 + " !") == "GRAPHQL_PARSE_FAILED"
        assert sum(len(record.getMessage()) for record in caplog.records) < LARGEST_ANSWER


class TestWithoutIntrospection:
    @pytest.mark.parametrize(
        "query",
        [
            "{ bok(id: 1) { id } }",
            "{ book(i: 1) { id } }",
            "{ book(id: 1) { titel } }",
            "{ book(id: 1) { ... on Autor { name } } }",
            "query ($a: Itn) { books(first: $a) { id } }",
            "{ book(id: 1) { id @inclde(if: true) } }",
            "{ book(id: 1) }",
        ],
    )
    async def test_no_error_suggests_a_name(self, query: str) -> None:
        response = await engine_with(Limits(introspection=False)).execute(GraphQLRequest(query), RequestContext())
        assert response.errors
        assert "Did you mean" not in response.as_bytes().decode()

    async def test_with_it_errors_do(self, engine: Engine) -> None:
        response = await engine.execute(GraphQLRequest("{ bok(id: 1) { id } }"), RequestContext())
        assert "Did you mean 'book'" in response.errors[0]["message"]
