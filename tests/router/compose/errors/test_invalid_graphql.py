"""INVALID_GRAPHQL."""

import pytest

from tests.router.compose.graphs import FEDERATION_1, codes, errors, supergraph


def test_what_does_not_parse_is_refused() -> None:
    found = codes(
        a="""
            type Query {
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_types_exist() -> None:
    found = codes(
        a="""
            type Query {
              t: T
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_directives_exist() -> None:
    found = codes(
        a="""
            type Query {
              q: Int @nothing
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_directives_stand_where_they_may() -> None:
    found = codes(
        a="""
            type Query @override(from: "b") {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_arguments_are_given() -> None:
    found = codes(
        a="""
            type T @key {
              id: ID
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_values_fit_their_types() -> None:
    found = codes(
        a="""
            type Query {
              f(x: Int = "one"): Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_names_are_given_once() -> None:
    found = codes(
        a="""
            type Query {
              q: Int
            }

            type Query {
              p: Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_interfaces_are_implemented() -> None:
    found = codes(
        a="""
            interface I {
              f: Int
            }

            type T implements I {
              g: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_inputs_can_be_written_down() -> None:
    found = codes(
        a="""
            input I {
              i: I!
            }

            type Query {
              f(i: I): Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_a_federation_1_schema_knows_no_later_directives() -> None:
    found = codes(
        a=FEDERATION_1
        + """
            type Query {
              q: Int @shareable
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


@pytest.mark.parametrize("name", ["federation__FieldSet", "_Service", "_Any"])
def test_the_types_of_federation_are_no_part_of_the_graph(name: str) -> None:
    declared = {"_Service": "type _Service { sdl: String }", "_Any": "scalar _Any"}.get(name, "")
    assert codes(a=f"type Query {{ a: {name} }} {declared}") == {"INVALID_GRAPHQL"}


class TestTheOrderOfThings:
    def test_an_unknown_type_hides_what_follows_from_it(self) -> None:
        found = codes(
            a="""
                extend schema
                  @link(url: "https://specs.apollo.dev/link/v1.0")
                  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@nothing"])

                type Query {
                  t: T
                }
            """,
        )
        assert found == {"INVALID_GRAPHQL"}

    def test_a_directive_of_a_refused_link_on_the_schema_tells_of_the_link(self) -> None:
        (error,) = errors(
            a="""
                extend schema
                  @link(url: "https://specs.apollo.dev/link/v1.0")
                  @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@composeDirective"])
                  @composeDirective(name: "@hello")

                type Query {
                  q: Int
                }
            """,
        )
        assert error.code == "INVALID_GRAPHQL"
        assert 'Cannot import "@composeDirective"' in error.message


class TestDirectivesOfDirectives:
    def test_an_argument_of_a_directive_has_known_directives(self) -> None:
        assert codes(a="directive @d(a: Int @nothing) on FIELD type Query { q: Int }") == {"INVALID_GRAPHQL"}

    def test_a_required_argument_of_a_directive_is_not_deprecated(self) -> None:
        assert codes(a="directive @d(a: Int! @deprecated) on FIELD type Query { q: Int }") == {"INVALID_GRAPHQL"}

    def test_arguments_of_graphqls_own_directives_are_known(self) -> None:
        assert codes(a='type Query { q: Int @deprecated(why: "old") }') == {"INVALID_GRAPHQL"}


class TestRoots:
    @pytest.mark.parametrize("root", ["Nothing", "Int", "E"])
    def test_a_declared_root_is_an_object_of_the_document(self, root: str) -> None:
        found = codes(a=f"schema {{ query: Query mutation: {root} }} enum E {{ A }} type Query {{ q: Int }}")
        assert found == {"INVALID_GRAPHQL"}

    def test_an_undeclared_root_name_may_be_another_types(self) -> None:
        assert "enum Mutation" in supergraph(a="enum Mutation { A } type Query { q: Mutation }")

    def test_the_type_query_is_an_object(self) -> None:
        assert codes(a="enum Query { A }") == {"INVALID_GRAPHQL"}

    def test_the_types_of_federations_own_fields_are_written_if_they_are(self) -> None:
        assert codes(a="type Query { q: Int _service: _Service! }") == {"INVALID_GRAPHQL"}


def test_core_is_defined_by_who_uses_it() -> None:
    found = codes(
        a=f"""{FEDERATION_1}
            schema @core(feature: "https://specs.apollo.dev/core/v0.2") {{
              query: Query
            }}

            type Query {{
              q: Int
            }}
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_an_extension_is_of_the_kind_of_what_it_extends() -> None:
    assert codes(a="type T { a: Int } extend input T { b: Int } type Query { t: T }") == {"INVALID_GRAPHQL"}
