"""What is needed for each field, whichever composer wrote the supergraph and whatever it calls the directives."""

import pytest

from router.compose import Composed, Subgraph, compose
from router.supergraph import Supergraph, SupergraphError
from router.supergraph.access import AccessKind, AccessRules, Requirement

JOIN = """
directive @link(url: String!, as: String, import: [String], for: String) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: String) repeatable on OBJECT | INTERFACE | UNION | ENUM | SCALAR
directive @join__field(graph: join__Graph, requires: String) repeatable on FIELD_DEFINITION
enum join__Graph { A @join__graph(name: "a", url: "") }
"""
LOGGED_IN = Requirement(AccessKind.AUTHENTICATED)
HEADER = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: '
    '["@key", "@external", "@requires", "@shareable", "@interfaceObject", "@authenticated", "@requiresScopes",'
    ' "@policy"])\n'
)


def scopes(*options: str) -> Requirement:
    return Requirement(AccessKind.SCOPES, frozenset(frozenset(each.split()) for each in options))


def rules(types: str, *links: str) -> AccessRules:
    """Of a supergraph that some other composer wrote."""
    linked = " ".join(f"@link({each})" for each in ('url: "https://specs.apollo.dev/join/v0.3"', *links))
    return AccessRules(Supergraph.from_sdl(f"schema {linked} {{ query: Query }} {JOIN} {types}"))


def composed(**subgraphs: str) -> AccessRules:
    found = compose([Subgraph(name, "", HEADER + sdl) for name, sdl in subgraphs.items()])
    assert isinstance(found, Composed), found
    return AccessRules(Supergraph.from_sdl(found.supergraph_sdl))


AUTHENTICATED = 'url: "https://specs.apollo.dev/authenticated/v0.1", for: "SECURITY"'


class TestNames:
    @pytest.mark.parametrize(
        ("link", "name"),
        [
            (AUTHENTICATED, "authenticated"),
            (AUTHENTICATED + ', as: "auth"', "auth"),
            (AUTHENTICATED + ', import: [{name: "@authenticated", as: "@loggedIn"}]', "loggedIn"),
            (AUTHENTICATED + ', as: "auth", import: ["@authenticated"]', "authenticated"),
            ('url: "https://specs.apollo.dev/federation/v2.5", import: ["@authenticated"]', "authenticated"),
            ('url: "https://specs.apollo.dev/federation/v2.5"', "federation__authenticated"),
        ],
    )
    def test_a_renamed_directive_holds(self, link: str, name: str) -> None:
        assert rules(f"type Query {{ a: Int @{name} b: Int }}", link).fields == {("Query", "a"): {LOGGED_IN}}

    def test_a_directive_that_nothing_is_linked_for_holds_as_well(self) -> None:
        assert rules("type Query { a: Int @authenticated }").fields == {("Query", "a"): {LOGGED_IN}}

    def test_a_directive_of_somebody_elses_by_that_name_is_theirs(self) -> None:
        theirs = 'url: "https://example.com/ours/v1.0", import: ["@policy"]'
        assert not rules("type Query { a: Int @policy(number: 1) }", theirs)

    def test_scopes_and_types_may_be_imported_together(self) -> None:
        imports = '["Scope", {name: "@requiresScopes", as: "@s"}]'
        link = f'url: "https://specs.apollo.dev/requiresScopes/v0.1", import: {imports}'
        assert rules('type Query { a: Int @s(scopes: [["x", "y"], ["z"]]) }', link).fields == {
            ("Query", "a"): {scopes("x y", "z")}
        }


class TestConditions:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ('"x"', scopes("x")),
            ('["x", "y"]', scopes("x", "y")),
            ('[["x"], ["x", "y"]]', scopes("x")),
            ("[]", scopes()),
        ],
    )
    def test_lists_are_read_as_inputs_are(self, written: str, read: Requirement) -> None:
        assert rules(f"type Query {{ a: Int @requiresScopes(scopes: {written}) }}").fields == {("Query", "a"): {read}}

    @pytest.mark.parametrize("arguments", ["", "(scopes: 7)", "(scopes: [[$x]])", "(scopes: {a: 1})", "(names: [])"])
    def test_what_cannot_be_read_is_not_served(self, arguments: str) -> None:
        with pytest.raises(SupergraphError):
            rules(f"type Query {{ a: Int @requiresScopes{arguments} }}")

    def test_subgraphs_are_all_obeyed(self) -> None:
        found = composed(
            a='type Query { a: Int @shareable @requiresScopes(scopes: [["x"], ["y"]]) }',
            b='type Query { a: Int @shareable @requiresScopes(scopes: [["z"]]) @authenticated }',
        )
        assert found.fields["Query", "a"] == {scopes("x z", "y z"), LOGGED_IN}

    def test_a_graph_without_rules_has_none(self) -> None:
        assert not rules("type Query { a: Int }")


class TestWhereTheyStand:
    def test_leaves_protect_the_fields_that_are_such(self) -> None:
        found = rules(
            "type Query { a: Mark b: [Grade!]! c: Int } scalar Mark @authenticated enum Grade @authenticated { A }"
        )
        assert set(found.fields) == {("Query", "a"), ("Query", "b")}

    def test_objects_protect_themselves_and_what_can_be_nothing_else(self) -> None:
        found = rules(
            """type Query { a: T b: [U] c: V } type T @authenticated { x: Int } type S { y: Int }
            union U = T | S union V = T"""
        )
        denied = found.denied(frozenset({LOGGED_IN}))
        assert denied.types == {"T"}
        assert denied.fields == {("Query", "a"), ("Query", "c")}

    def test_what_is_fetched_for_a_field_protects_it(self) -> None:
        found = rules(
            """type Query { t: T }
            type T @join__type(graph: A) { a: S @join__field(graph: A) e: Int @join__field(graph: A, requires: "d")
              c: Int @join__field(graph: A, requires: "a { b }") d: Int @join__field(graph: A, requires: "c") }
            type S { b: Int @authenticated x: Int }"""
        )
        assert {place for place, needed in found.fields.items() if LOGGED_IN in needed} == {
            ("S", "b"),
            ("T", "c"),
            ("T", "d"),
            ("T", "e"),
        }

    def test_what_an_interface_object_requires_protects_what_it_resolves(self) -> None:
        found = composed(
            a="""type Query { i: I } interface I @key(fields: "id") { id: ID! a: Int }
            type T implements I @key(fields: "id") { id: ID! a: Int @authenticated }""",
            b="""type I @key(fields: "id") @interfaceObject {
              id: ID! a: Int @external b: Int @requires(fields: "a") @authenticated c: Int }""",
        )
        assert set(found.fields) == {("T", "a"), ("T", "b")}


class TestInterfaces:
    def test_rules_that_composition_gave_an_interface_bind_nobody_else(self) -> None:
        found = composed(
            a="""type Query { i: I } interface I { a: Int }
            type S implements I { a: Int @authenticated } type T implements I { a: Int }
            type U implements I @requiresScopes(scopes: [["x"], ["y", "z"]]) { a: Int }"""
        )
        assert set(found.fields) == {("S", "a")}
        assert set(found.types) == {"U"}

    def test_rules_of_its_own_bind_all_that_implement_it(self) -> None:
        found = rules(
            """type Query { i: I } interface I @requiresScopes(scopes: [["x"]]) { a: Int @authenticated }
            type S implements I { a: Int @requiresScopes(scopes: [["y"]]) } type T implements I { a: Int }"""
        )
        assert found.fields == {("S", "a"): {LOGGED_IN, scopes("y")}, ("T", "a"): {LOGGED_IN}}
        assert found.types == {"S": {scopes("x")}, "T": {scopes("x")}}

    def test_a_rule_beyond_those_of_its_types_binds_them(self) -> None:
        found = rules(
            """type Query { i: I } interface I { a: Int @requiresScopes(scopes: [["x", "y"]]) }
            type S implements I { a: Int @requiresScopes(scopes: [["x"]]) } type T implements I { a: Int }"""
        )
        assert scopes("x y") in found.fields["S", "a"]
        assert found.fields["T", "a"] == {scopes("x y")}

    def test_a_field_may_need_what_any_type_needs_that_has_it(self) -> None:
        found = composed(
            a="""type Query { i: I u: U } interface I { a: Int }
            type S implements I { a: Int @authenticated } union U = S | T
            type T implements I @requiresScopes(scopes: [["x"]]) { a: Int }"""
        )
        assert found.touched("I", "a") == {LOGGED_IN}
        assert found.touched("Query", "u") == {scopes("x")}
        assert found.touched("T", "a") == frozenset()
