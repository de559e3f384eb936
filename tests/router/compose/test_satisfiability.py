"""Which graphs can answer every query, and what is said of those that cannot."""

from router.compose import ErrorCode, Subgraph
from router.compose.check import check_schema
from router.compose.limits import Limits
from router.compose.merge.supergraph import merge_subgraphs
from router.compose.read import read
from router.compose.satisfiability import check
from router.compose.satisfiability.graph import Node
from router.compose.satisfiability.selections import Fragment, Selected
from tests.router.compose.graphs import LINK, codes, errors


def test_keys_lead_through_a_third_subgraph() -> None:
    found = codes(
        a='type T @key(fields: "id") { id: ID! } type Query { t: T }',
        b='type T @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }',
        c='type T @key(fields: "sku") { sku: ID! price: Int }',
    )
    assert found == set()


def test_a_key_that_is_not_resolvable_leads_nowhere() -> None:
    found = codes(
        a='type T @key(fields: "id") { id: ID! } type Query { t: T }',
        b='type T @key(fields: "id", resolvable: false) { id: ID! price: Int }',
    )
    assert found == {"SATISFIABILITY_ERROR"}


def test_a_provided_field_can_be_had_where_it_is_provided() -> None:
    found = codes(
        a="""
            type Query { t: T @provides(fields: "f") }
            type T @key(fields: "id") { id: ID! f: Int @external }
        """,
        b='type T @key(fields: "sku") { sku: ID! @inaccessible f: Int @shareable }',
    )
    assert found == set()


def test_a_value_type_is_reached_through_its_owner() -> None:
    found = codes(
        a='type T @key(fields: "id") { id: ID! v: V @shareable } type V { x: Int } type Query { t: T }',
        b='type T @key(fields: "id") { id: ID! v: V @shareable } type V { y: Int }',
    )
    assert found == set()


def test_what_clients_do_not_see_need_not_be_reached() -> None:
    found = codes(a="type T { x: Int } type Query { t: T }", b="type T { y: Int @inaccessible }")
    assert found == set()


def test_requirements_may_require_in_turn() -> None:
    found = codes(
        a='type T @key(fields: "id") { id: ID! f: Int } type Query { t: T }',
        b='type T @key(fields: "id") { id: ID! f: Int @external g: Int @requires(fields: "f") }',
        c='type T @key(fields: "id") { id: ID! g: Int @external h: Int @requires(fields: "g") }',
    )
    assert found == set()


def test_requirements_that_wait_for_each_other_are_never_met() -> None:
    found = codes(
        a='type T @key(fields: "id") { id: ID! f: Int @requires(fields: "g") g: Int @external } type Query { t: T }',
        b='type T @key(fields: "id") { id: ID! g: Int @requires(fields: "f") f: Int @external }',
    )
    assert found == {"SATISFIABILITY_ERROR"}


def test_both_sides_of_a_migration_must_do() -> None:
    old = 'type T @key(fields: "id") { id: ID! f: U } type U { x: Int y: Int @shareable } type Query { t: T }'
    new = 'type T @key(fields: "id") { id: ID! f: U @override(from: "a", label: "l") } type U { y: Int @shareable }'
    assert codes(a=old, b=new) == {"SATISFIABILITY_ERROR"}


def test_a_type_that_some_subgraph_never_returns_is_not_asked_for() -> None:
    found = codes(
        a="union U = A | B type A { a: Int } type B { b: Int @shareable } type Query { u: U @shareable }",
        b="union U = B type B { b: Int @shareable } type Query { u: U @shareable }",
    )
    assert found == set()


def test_a_mutation_is_answered_from_one_subgraph() -> None:
    found = codes(
        a="type Query { q: Int } type Mutation { m: V @shareable } type V { x: Int }",
        b="type Mutation { m: V @shareable } type V { y: Int }",
    )
    assert found == {"SATISFIABILITY_ERROR"}


def test_contexts_are_set_on_the_way() -> None:
    sdl = """
        type P @key(fields: "id") @context(name: "ctx") { id: ID! prop: String! u: U! }
        type U @key(fields: "id") { id: ID! f(a: String @fromContext(field: "$ctx { prop }")): Int }
    """
    assert codes(a=sdl + "type Query { p: P! }") == set()
    assert codes(a=sdl + "type Query { p: P! u: U! }") == {"SATISFIABILITY_ERROR"}


def test_the_error_shows_the_query_and_why_each_way_out_fails() -> None:
    (error,) = errors(
        a='type T @key(fields: "id") { id: ID! } type Query { t(at: Int!): T }',
        b='type T @key(fields: "sku") { sku: ID! @shareable price: Int }',
        c='type T @key(fields: "id") { id: ID! }',
    )[:1]
    assert "query { t(at: …) { " in error.message
    assert 'from "a": there is no field "T.' in error.message
    assert 'from "a": cannot go to "b" by the key "sku" of "T", as its fields cannot all be resolved' in error.message


def test_work_ends_with_its_budget() -> None:
    subgraph = read(Subgraph("a", "", f"{LINK} type T {{ t: T u: U }} type U {{ t: T }} type Query {{ t: T }}"))
    check_schema(subgraph)
    merge = merge_subgraphs([subgraph])
    check(merge, Limits(steps=1))
    assert [error.code for error in merge.errors] == [ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED]


_BEHIND = """
    type T @key(fields: "id") {{ id: ID! i: I @external r: Int @requires(fields: "i {{ ... on A {{ {needed} }} }}") }}
    interface I @key(fields: "id") {{ id: ID! }}
    type A implements I @key(fields: "id") {{ id: ID! a: Int {more} }}
    type B implements I @key(fields: "id") {{ id: ID! b: Int next: A }}
    type Query {{ q: A }}
"""


def test_a_fragment_on_an_interface_object_is_answered_by_who_knows_its_type() -> None:
    found = codes(
        a='type T @key(fields: "id") { id: ID! i: I } type I @key(fields: "id") @interfaceObject { id: ID! z: Int }'
        " type Query { t: T }",
        b=_BEHIND.format(needed="a", more=""),
    )
    assert found == set()


def test_types_that_lead_back_to_their_interface_are_asked_once() -> None:
    found = codes(
        a='type T @key(fields: "id") { id: ID! i: I } type I @key(fields: "id") @interfaceObject { id: ID! z: Int }'
        " type Query { t: T }",
        b=_BEHIND.format(needed="lost", more="lost: Int @external"),
        c='type A @key(fields: "id", resolvable: false) { id: ID! lost: Int } type Query { a: A }',
    )
    assert found == {ErrorCode.SATISFIABILITY_ERROR}


def test_values_that_came_with_different_provided_fields_have_an_order() -> None:
    nodes = [Node(0, "U", (Selected("g"),)), Node(0, "U", (Fragment("A", ()),)), Node(0, "U"), Node(0, "T")]
    assert [each.provided for each in sorted(nodes, key=lambda each: each.rank)][:2] == [(), ()]
