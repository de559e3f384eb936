"""What holds for every plan."""

from dataclasses import replace

import pytest
from graphql import parse

from router.plan import Planner, PlanningError
from router.plan.nodes import OperationKind
from router.plan.printer import print_plan
from router.supergraph import Supergraph
from tests.router.harness import HEADER, Federation, World

BOOK = {"__typename": "Book", "id": "b1", "title": "Algebra", "isbn": "1", "stars": 4, "pages": 9, "year": 1999}
WORLD = World({"Query": {"book": BOOK, "books": [BOOK]}}, {"Book": [BOOK]})
SUBGRAPHS = {
    "a": f"{HEADER} type Query {{ book: Book @shareable books: [Book!]! }}"
    'type Book @key(fields: "id") { id: ID! title: String @shareable year: Int @shareable }',
    "b": f"{HEADER} type Query {{ book: Book @shareable }}"
    'type Book @key(fields: "id") @key(fields: "isbn") '
    "{ id: ID! isbn: ID! pages: Int @shareable year: Int @shareable }",
    "c": f"{HEADER}"
    'type Book @key(fields: "isbn") { isbn: ID! stars: Int title: String @shareable pages: Int @shareable }',
}


@pytest.fixture(scope="module")
def books() -> Federation:
    """Books with much to choose from."""
    return Federation(SUBGRAPHS, WORLD)


QUERIES = ("{ book { title pages year stars } }", "{ books { title pages year stars } }", "{ book { title } }")


@pytest.mark.parametrize("query", QUERIES)
async def test_without_a_budget_the_answer_is_the_same(books: Federation, query: str) -> None:
    books.planner = Planner(books.supergraph, work=0)
    response = await books.answer(query)
    assert response.errors == []
    assert response.data == books.expected(query)


@pytest.mark.parametrize(("query", "requests"), [*zip(QUERIES, (2, 3, 1), strict=True)])
async def test_with_one_it_takes_the_fewest_requests(books: Federation, query: str, requests: int) -> None:
    books.planner = Planner(books.supergraph)
    response = await books.answer(query)
    assert response.data == books.expected(query)
    assert books.requests == requests


def test_the_same_operation_has_the_same_plan(books: Federation) -> None:
    query = "{ book { title pages year stars } books { stars year } }"
    plans = {print_plan(Planner(replace(books.supergraph)).plan(parse(query), None)) for _ in range(5)}
    assert len(plans) == 1


def test_fetches_come_after_what_they_need(books: Federation) -> None:
    plan = books.plan("{ books { title stars } }")
    assert [fetch.id for fetch in plan.fetches] == list(range(len(plan.fetches)))
    assert all(need < fetch.id for fetch in plan.fetches for need in fetch.after)
    assert plan.kind is OperationKind.QUERY


def test_many_root_fields_are_no_deeper_than_one(books: Federation) -> None:
    more_than_calls_may_nest = 1_100
    aliases = " ".join(f"a{number}: book {{ title pages }}" for number in range(more_than_calls_may_nest))
    assert len(books.plan(f"{{ {aliases} }}").fetches) >= 1


def test_what_no_subgraph_can_reach_is_refused_with_a_code() -> None:
    supergraph = Supergraph.from_sdl("""
        schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
        enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }
        type Query @join__type(graph: A) @join__type(graph: B) { thing: Thing @join__field(graph: A) }
        type Thing @join__type(graph: A) @join__type(graph: B) {
          a: Int @join__field(graph: A)
          b: Int @join__field(graph: B)
        }
    """)
    with pytest.raises(PlanningError) as refused:
        Planner(supergraph).plan(parse("{ thing { a b } }"), None)
    assert refused.value.code == "FIELD_NOT_REACHABLE"


def test_fields_of_many_types_within_each_other_are_refused_before_they_multiply() -> None:
    names = [f"T{number}" for number in range(50)]
    types = " ".join(f"type {name} implements I {{ next: I name: String }}" for name in names)
    graph = Federation({"a": f"{HEADER} type Query {{ i: I }} interface I {{ next: I name: String }} {types}"}, WORLD)
    selection = "name"
    for _ in range(10):
        selection = " ".join(f"... on {name} {{ next {{ name }} }}" for name in names) + f" next {{ {selection} }}"
    with pytest.raises(PlanningError) as refused:
        graph.plan(f"{{ i {{ {selection} }} }}")
    assert refused.value.code == "OPERATION_TOO_COMPLEX"


def test_a_thousand_mutations_are_planned_one_after_the_other() -> None:
    graph = Federation(
        {
            "a": f"{HEADER} type Query {{ book: Book }} type Mutation {{ a: Book }}"
            'type Book @key(fields: "id") { id: ID! title: String }',
            "b": f'{HEADER} type Mutation {{ b: Book }} type Book @key(fields: "id") {{ id: ID! stars: Int }}',
        },
        WORLD,
    )
    aliases = " ".join(f"a{number}: a {{ stars }} b{number}: b {{ title }}" for number in range(250))
    plan = graph.plan(f"mutation {{ {aliases} }}")
    assert len(plan.fetches) == 1000
    assert all(len(fetch.after) == 1 for fetch in plan.fetches[1:])


def test_of_many_subgraphs_with_parts_of_a_value_only_those_needed_are_asked() -> None:
    parts = {
        f"s{number}": f"{HEADER} type Query {{ whole: Whole @shareable }}"
        f"type Whole {{ part{number}: Int shared: Int @shareable whole: Whole @shareable }}"
        for number in range(8)
    }
    plan = Federation(parts, WORLD).plan("{ whole { part1 part3 part4 part6 whole { shared part3 } } }")
    assert sorted(fetch.subgraph for fetch in plan.fetches) == ["s1", "s3", "s4", "s6"]
