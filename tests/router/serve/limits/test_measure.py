"""Operations are refused for their size and depth before they are validated or planned."""

import time
from dataclasses import replace
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from router.plan.nodes import QueryPlan
from router.serve import Engine, GraphQLRequest, Limits, RequestContext
from router.serve.limits.measure import check_operations
from tests.router.serve.library import LibrarySubgraph, library_engine

PROMPT_SECONDS = 5.0
"""Of processor time. Generous: what it guards against takes many seconds."""


async def refusal(query: str, **limits: int) -> tuple[str, str]:
    """Code and message of the only error, in an engine that cannot plan."""

    def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
        raise AssertionError("An operation was planned that should have been refused.")

    schema = library_engine(LibrarySubgraph()).schema
    response = await Engine(schema, plan, {}, replace(Limits(), **limits)).execute(
        GraphQLRequest(query), RequestContext()
    )
    assert not response.executed
    (error,) = response.errors
    return error["extensions"]["code"], error["message"]


def check(query: str, **limits: int) -> None:
    check_operations(parse(query), replace(Limits(), **limits))


def nested(levels: int) -> str:
    """An operation with `levels` fields within each other."""
    pairs, rest = divmod(levels - 2, 2)
    last = "author { name }" if rest else "title"
    return "{ book(id: 1) { " + "author { books { " * pairs + last + " } }" * pairs + " } }"


class TestDepth:
    async def test_fields_within_fields_are_bounded(self) -> None:
        assert await refusal(nested(33)) == (
            "OPERATION_TOO_DEEP",
            "The operation has fields nested deeper than 32 levels.",
        )

    def test_the_bound_itself_is_allowed(self) -> None:
        check(nested(32))
        check(get_introspection_query(input_value_deprecation=True))

    async def test_depth_is_counted_through_fragments(self) -> None:
        query = "{ book(id: 1) { ...A } } fragment A on Book { ... { author { ...B } } } fragment B on Author { name }"
        assert (await refusal(query, field_depth=2))[0] == "OPERATION_TOO_DEEP"

    @pytest.mark.parametrize("length", [400, 1_000, 1_800])
    async def test_a_long_chain_of_fragments_is_refused_or_answered(self, length: int) -> None:
        chain = "".join(f"fragment F{n} on Book {{ ...F{n + 1} }}" for n in range(length))
        engine = library_engine(LibrarySubgraph())
        query = "{ book(id: 1) { id } } query Other { book(id: 1) { ...F0 } }" + chain
        query += f"fragment F{length} on Book {{ id }}"
        response = await engine.execute(GraphQLRequest(query), RequestContext())
        assert response.errors[0]["extensions"]["code"] in {"OPERATION_TOO_DEEP", "OPERATION_RESOLUTION_FAILURE"}


class TestFields:
    async def test_root_fields_are_bounded(self) -> None:
        query = "{" + " ".join(f"a{n}: whoami" for n in range(51)) + "}"
        assert await refusal(query) == (
            "OPERATION_TOO_COMPLEX",
            "The operation selects more than 50 root fields.",
        )

    async def test_a_root_field_that_several_fragments_select_is_one(self) -> None:
        spreads = "".join(f"fragment F{n} on Query {{ whoami }}" for n in range(60))
        query = "{" + " ".join(f"...F{n}" for n in range(60)) + "}" + spreads
        assert (await refusal(query, root_fields=0))[0] == "OPERATION_TOO_COMPLEX"
        check(query, root_fields=1)

    async def test_aliases_are_bounded_wherever_they_stand(self) -> None:
        fields = " ".join(f"a{n}: title" for n in range(101))
        query = "{ book(id: 1) { ...F author { books { ...F } } } } fragment F on Book { " + fields + " }"
        assert await refusal(query) == (
            "OPERATION_TOO_COMPLEX",
            "The operation selects more than 200 aliases.",
        )

    def test_each_operation_is_measured_for_itself(self) -> None:
        check("query A { a: whoami } query B { b: whoami }", aliases=1, root_fields=1)

    async def test_fragments_that_double_are_refused_promptly(self) -> None:
        spreads = [f"fragment F{n} on Author {{ ...F{n + 1} ...F{n + 1} }}" for n in range(300)]
        query = "{ book(id: 1) { author { ...F0 } } }" + "".join(spreads) + "fragment F300 on Author { name }"
        started = time.process_time()
        assert (await refusal(query))[0] == "OPERATION_TOO_COMPLEX"
        assert time.process_time() - started < PROMPT_SECONDS


class TestDirectives:
    async def test_directives_are_counted_wherever_they_stand(self) -> None:
        query = """
            query ($a: ID @d) @d { ...F @d ... @d { whoami @d } }
            fragment F on Query @d { whoami @d }
        """
        check(query, directives=7)
        assert await refusal(query, directives=6) == (
            "OPERATION_TOO_COMPLEX",
            "The operation has more than 6 directives.",
        )

    async def test_a_fragments_directives_count_at_every_spread(self) -> None:
        query = "{ ...F ...F } fragment F on Query { whoami @include(if: true) }"
        check(query, directives=2)
        assert (await refusal(query, directives=1))[0] == "OPERATION_TOO_COMPLEX"


class TestOperations:
    async def test_a_document_with_too_many_operations_is_refused(self) -> None:
        query = "".join(f"query q{n} {{ whoami }}" for n in range(3))
        check(query, operations=3)
        assert (await refusal(query, operations=2))[0] == "OPERATION_TOO_COMPLEX"


class TestIntrospection:
    @pytest.mark.parametrize("fragment", ["F", "__schema", "__type"])
    async def test_lists_of_the_schema_are_counted_through_fragments_of_any_name(self, fragment: str) -> None:
        query = f"""
            {{ __schema {{ types {{ ...{fragment} }} }} }}
            fragment {fragment} on __Type {{ fields {{ type {{ fields {{ name }} }} }} }}
        """
        check(query, introspection_depth=2, introspection_lists=3)
        assert (await refusal(query, introspection_depth=1))[0] == "OPERATION_TOO_DEEP"
        assert (await refusal(query, introspection_lists=2))[0] == "OPERATION_TOO_COMPLEX"

    async def test_a_fragment_that_is_first_spread_elsewhere_still_counts(self) -> None:
        query = """
            { book(id: 1) { ...F } __type(name: "Book") { ...F } }
            fragment F on __Type { fields { type { fields { type { fields { name } } } } } }
        """
        assert (await refusal(query))[0] == "OPERATION_TOO_DEEP"

    def test_fields_of_the_graph_that_bear_such_names_do_not_count(self) -> None:
        check("{ fields { fields { fields { fields { types { args } } } } } }", introspection_lists=1)

    def test_what_tools_ask_passes(self) -> None:
        check(get_introspection_query())
        check("{ __typename book(id: 1) { __typename } }", introspection=False)

    @pytest.mark.parametrize(
        "query",
        [
            "{ __schema { queryType { name } } }",
            '{ hidden: __type(name: "Book") { name } }',
            "{ ...F } fragment F on Query { ... { __schema { types { name } } } }",
        ],
    )
    async def test_it_can_be_off(self, query: str) -> None:
        check(query)
        assert (await refusal(query, introspection=False))[0] == "INTROSPECTION_DISABLED"
