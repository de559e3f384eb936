"""Variants of a supergraph that show what has, or has not, certain tags."""

from graphql import print_schema

from router.compose import Composed, Refused, compose
from router.compose.contracts import Contract, Variant, apply_contract
from router.compose.printer import print_schema as print_supergraph
from router.compose.read_supergraph import read_supergraph_schema
from router.supergraph import Supergraph
from tests.conformance.composition.corpus import audit
from tests.router.compose.graphs import supergraph


def outcome(sdl: str, include: str = "", exclude: str = "", *, hide_unreachable: bool = False) -> Variant | Refused:
    contract = Contract(frozenset(include.split()), frozenset(exclude.split()), hide_unreachable)
    return apply_contract(supergraph(a=sdl), contract)


def seen(sdl: str, include: str = "", exclude: str = "", *, hide_unreachable: bool = False) -> str:
    """What clients see of the variant, without line breaks."""
    found = outcome(sdl, include, exclude, hide_unreachable=hide_unreachable)
    assert isinstance(found, Variant), found
    return " ".join(print_schema(found.api_schema).split())


def refusals(sdl: str, include: str = "", exclude: str = "") -> list[tuple[str, str]]:
    found = outcome(sdl, include, exclude)
    assert isinstance(found, Refused)
    return [(error.code.value, error.message) for error in found.errors]


class TestExclude:
    def test_what_has_the_tag_is_hidden_and_all_else_shown(self) -> None:
        sdl = 'type Query { a: Int @tag(name: "x") b(c: Int @tag(name: "x") d: Int): E } enum E { F G @tag(name: "x") }'
        assert seen(sdl, exclude="x") == "enum E { F } type Query { b(d: Int): E }"

    def test_a_types_tag_is_its_fields_tag(self) -> None:
        sdl = 'type Query { a: Int u: U @tag(name: "x") } type U @tag(name: "x") { id: ID }'
        assert seen(sdl, exclude="x") == "type Query { a: Int }"

    def test_beats_an_included_tag(self) -> None:
        sdl = 'type Query { a: Int @tag(name: "i") b: Int @tag(name: "i") @tag(name: "x") }'
        assert seen(sdl, "i", "x") == "type Query { a: Int }"

    def test_hides_input_fields_scalars_and_members_of_unions(self) -> None:
        sdl = """
            type Query { u(i: I): U s: S @tag(name: "x") }
            scalar S @tag(name: "x")
            input I { a: Int b: Int @tag(name: "x") }
            union U = A | B
            type A { a: Int }
            type B @tag(name: "x") { b: Int }
        """
        assert seen(sdl, exclude="x") == "type A { a: Int } input I { a: Int } type Query { u(i: I): U } union U = A"


class TestInclude:
    def test_fields_and_unions_need_an_included_tag(self) -> None:
        sdl = """
            type Query { a(b: Int): E @tag(name: "i") c: Int u: U }
            enum E { F }
            union U = T
            type T { d: Int }
        """
        assert seen(sdl, "i") == "enum E { F } type Query { a(b: Int): E }"

    def test_a_types_tag_includes_all_its_fields(self) -> None:
        sdl = 'type Query { t: T @tag(name: "i") } type T @tag(name: "i") { a: Int b: Int }'
        assert seen(sdl, "i") == "type Query { t: T } type T { a: Int b: Int }"

    def test_a_root_without_any_included_field_goes(self) -> None:
        sdl = 'type Query { a: Int @tag(name: "i") } type Mutation { m: Int }'
        assert seen(sdl, "i") == "type Query { a: Int }"

    def test_a_field_that_an_implementation_hides_leaves_the_interface(self) -> None:
        sdl = """
            type Query { n: N @tag(name: "i") }
            interface N { a: Int @tag(name: "i") b: Int @tag(name: "i") }
            type T implements N { a: Int @tag(name: "i") b: Int }
        """
        assert "interface N { a: Int }" in seen(sdl, "i")


class TestUnreachable:
    SDL = """
        type Query { a: A i: I @tag(name: "x") }
        type A implements I { a(f: F): Int }
        interface I { a(f: F): Int }
        type B implements I { a(f: F): Int b: C }
        type C { c: Int }
        input F { g: G }
        enum G { H }
        scalar S
    """

    def test_types_stay_unless_asked_otherwise(self) -> None:
        assert "scalar S" in seen(self.SDL, exclude="x")

    def test_types_that_nothing_leads_to_are_hidden(self) -> None:
        found = seen(self.SDL, exclude="x", hide_unreachable=True)
        assert "type A implements I" in found
        assert "enum G" in found
        assert not any(name in found for name in ("type B", "type C", "scalar S"))

    def test_implementations_are_reached_by_a_field_of_their_interface(self) -> None:
        found = seen(self.SDL, exclude="y", hide_unreachable=True)
        assert "type B implements I" in found
        assert "type C" in found


class TestRefusals:
    def test_no_query_field_is_left(self) -> None:
        assert [code for code, _ in refusals("type Query { a: Int }", "i")] == ["ONLY_INACCESSIBLE_CHILDREN"]

    def test_a_field_is_of_a_hidden_type(self) -> None:
        ((code, message),) = refusals('type Query { a: Int u: U } type U @tag(name: "x") { id: ID }', exclude="x")
        assert code == "REFERENCED_INACCESSIBLE"
        assert 'hides "U" for its tag "x".' in message

    def test_a_field_is_of_a_type_left_empty(self) -> None:
        ((code, message),) = refusals('type Query { u: U @tag(name: "i") } type U { id: ID }', "i")
        assert code == "REFERENCED_INACCESSIBLE"
        assert 'hides "U" as all its content is.' in message

    def test_a_required_argument_is_hidden(self) -> None:
        ((code, _),) = refusals('type Query { a(b: Int! @tag(name: "x")): Int }', exclude="x")
        assert code == "REQUIRED_INACCESSIBLE"

    def test_a_default_value_is_hidden(self) -> None:
        sdl = 'type Query { a(e: E = F): Int } enum E { F @tag(name: "x") G }'
        assert [code for code, _ in refusals(sdl, exclude="x")] == ["DEFAULT_VALUE_USES_INACCESSIBLE"]

    def test_a_text_that_is_no_supergraph(self) -> None:
        for text in ("type Query {", "type Query { a: Int }"):
            found = apply_contract(text, Contract())
            assert isinstance(found, Refused)
            assert [error.code for error in found.errors] == ["INVALID_FEDERATION_SUPERGRAPH"]


def test_a_variant_is_a_supergraph() -> None:
    found = outcome('type Query { a: Int b: Int @tag(name: "x") }', exclude="x")
    assert isinstance(found, Variant)
    read = Supergraph.from_sdl(found.supergraph_sdl)
    assert list(read.types["Query"].fields) == ["a", "b"]
    assert list(read.api_schema.query_type.fields if read.api_schema.query_type else ()) == ["a"]


def test_printing_and_reading_again_is_the_identity() -> None:
    for subgraphs in audit().values():
        composed = compose(subgraphs)
        assert isinstance(composed, Composed)
        schema, _ = read_supergraph_schema(composed.supergraph_sdl)
        assert print_supergraph(schema) == composed.supergraph_sdl
