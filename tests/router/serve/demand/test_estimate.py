"""What an operation may ask for is estimated from the sizes of its lists, multiplied along the path."""

import time
from typing import Any

import pytest
from graphql import build_schema, get_operation_ast, parse

from router.plan.nodes import QueryPlan
from router.serve import Engine, GraphQLRequest, Refused, RequestContext
from router.serve.demand.config import Demand
from router.serve.demand.control import DemandControl
from router.serve.demand.estimate import Estimate
from router.serve.demand.prices import Prices
from router.supergraph.costs import Costs
from tests.router.serve.library import LibrarySubgraph, library_engine

SCHEMA = build_schema("""
    type Query {
        me: User
        catalog(first: Int! = 20, after: String): CourseConnection
        top(limit: Int): [Course!]!
        grid: [[Course]]
        tags(first: Int): [String!]!
        node: Node
    }
    interface Node { id: ID! }
    type User implements Node { id: ID! enrollments: [Enrollment!] }
    type Enrollment { user: User course: Course }
    type CourseConnection { edges: [CourseEdge!]! pageInfo: PageInfo! }
    type PageInfo { endCursor: String }
    type CourseEdge { node: Course! }
    type Course implements Node { id: ID! modules: [Module!]! enrollments(first: Int = 10, last: Int): EnrollmentConnection }
    type EnrollmentConnection { edges: [EnrollmentEdge!]! }
    type EnrollmentEdge { node: Enrollment! }
    type Module { items: [Item!]! }
    type Item { item: Course }
""")  # noqa: E501  # one type a line

DEFAULT = 200_000
HUNDRED = Demand(operation_cost=100)

PROMPT_SECONDS = 5.0
"""Of processor time. Generous: what it guards against takes many seconds."""


def estimated(text: str, limit: int, **variables: Any) -> bool:
    """Whether the operation asks for at most `limit` objects."""
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    try:
        Estimate(Prices(SCHEMA, Costs(), Demand(operation_cost=limit)), document, operation).of(variables)
    except Refused:
        return False
    return True


def exactly(text: str, objects: int, **variables: Any) -> bool:
    return estimated(text, objects, **variables) and not estimated(text, objects - 1, **variables)


class TestSizes:
    @pytest.mark.parametrize(
        ("text", "objects"),
        [
            ("{ me { id } }", 1),
            ("{ me { enrollments { course { id } } } }", 1 + 10 + 10),
            ("{ catalog { edges { node { id } } pageInfo { endCursor } } }", 1 + 20 + 20 + 1),
            ("{ catalog(first: 3) { edges { node { modules { items { item { id } } } } } } }", 1 + 3 * (2 + 10 * 21)),
            ("{ top { id } }", 10),
            ("{ top(limit: 7) { id } }", 7),
            ("{ grid { id } }", 100),
            ("{ tags(first: 1000) }", 0),
            ("{ top(limit: 1) { enrollments(last: 4) { edges { node { user { id } } } } } }", 1 + 1 + 4 * 3),
            ("{ top(limit: 1) { enrollments { edges { node { user { id } } } } } }", 1 + 1 + 10 * 3),
            ("{ node { ... on User { enrollments { course { id } } } ... { id } } }", 1 + 20),
            ("{ __schema { types { fields { name } } } __typename me { __typename } }", 1),
        ],
    )
    def test_lists_multiply_along_the_path(self, text: str, objects: int) -> None:
        assert exactly(text, objects)

    def test_a_size_may_come_from_a_variable(self) -> None:
        text = "query($n: Int) { top(limit: $n) { id } }"
        assert exactly(text, 50, n=50)
        assert exactly(text, 10)
        assert estimated(text, 0, n=-1)

    def test_a_fragment_is_sized_by_the_connection_that_spreads_it(self) -> None:
        text = """
            { small: catalog(first: 2) { ...C } large: catalog(first: 30) { ...C } }
            fragment C on CourseConnection { edges { node { id } } }
        """
        assert exactly(text, 2 + 2 * (2 + 30))


class TestDefaults:
    def test_the_catalogue_of_whole_courses_passes(self) -> None:
        estimate = "{ catalog(first: 100) { edges { node { modules { items { item { id } } } } } } }"
        assert estimated(estimate, DEFAULT)

    def test_five_lists_within_each_other_do_not(self) -> None:
        text = "{ top(limit: 20) { ...E } }"
        for level in range(4):
            text += f"fragment {'E' * (level + 1)} on Course {{ enrollments(first: 20) {{ edges {{ node {{ course {{ "
            text += ("..." + "E" * (level + 2) if level < 3 else "id") + " } } } } }"
        assert not estimated(text, DEFAULT)

    def test_people_of_people_do_not(self) -> None:
        text = "{ me { " + "enrollments { user { " * 6 + "id" + " } }" * 6 + " } }"
        assert not estimated(text, DEFAULT)


class TestWork:
    def test_fragments_that_multiply_are_estimated_promptly(self) -> None:
        spread = "enrollments(first: 2) { edges { node { course { ...F%d } } } } again: enrollments { edges { node { course { ...F%d } } } }"  # noqa: E501
        text = "{ top { ...F0 } }"
        for n in range(60):
            text += f"fragment F{n} on Course {{ {spread % (n + 1, n + 1)} }}"
        started = time.process_time()
        assert not estimated(text + "fragment F60 on Course { id }", 200_000)
        assert time.process_time() - started < PROMPT_SECONDS


class TestEngine:
    async def test_an_operation_too_large_in_itself_is_not_planned(self) -> None:
        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            raise AssertionError("It was planned.")

        engine = Engine(library_engine(LibrarySubgraph()).schema, plan, {}, control=DemandControl(HUNDRED))
        query = "query($n: Int) { books(first: 101) { id } more: books(first: $n) { id } }"
        response = await engine.execute(GraphQLRequest(query), RequestContext())
        assert [error["extensions"]["code"] for error in response.errors] == ["COST_ESTIMATED_TOO_EXPENSIVE"]

    async def test_variables_too_large_are_refused_before_a_subgraph_is_asked(self) -> None:
        subgraph = LibrarySubgraph()
        engine = library_engine(subgraph, control=DemandControl(HUNDRED))
        query = "query($n: Int) { books(first: $n) { id } }"
        for _ in range(2):
            response = await engine.execute(GraphQLRequest(query, None, {"n": 101}), RequestContext())
            assert not response.executed
            assert [error["extensions"]["code"] for error in response.errors] == ["COST_ESTIMATED_TOO_EXPENSIVE"]
        assert subgraph.library.seen == []
        response = await engine.execute(GraphQLRequest(query, None, {"n": 1}), RequestContext())
        assert response.as_json() == {"data": {"books": [{"id": "1"}]}}
