"""What a supergraph's text says, whatever version of the join specification it follows."""

import pytest
from graphql import print_schema

from router.supergraph import Supergraph, SupergraphError
from router.supergraph.model import KeyInfo, Kind

LINKS = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY) { query: Query }
directive @join__field(graph: join__Graph) repeatable on FIELD_DEFINITION
directive @inaccessible on OBJECT | FIELD_DEFINITION | ENUM_VALUE | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
scalar join__FieldSet
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  A @join__graph(name: "a-shop", url: "http://a")
  B_1 @join__graph(name: "b", url: "http://b")
}
"""

CURRENT = (
    LINKS
    + """
type Query @join__type(graph: A) @join__type(graph: B_1) { book: Book @join__field(graph: A, provides: "title") }
interface Item @join__type(graph: A, key: "id") @join__type(graph: B_1, key: "id", isInterfaceObject: true) {
  id: ID!
  stars: Int @join__field(graph: B_1)
}
type Book implements Item
  @join__implements(graph: A, interface: "Item")
  @join__type(graph: A, key: "id") @join__type(graph: A, key: "isbn", resolvable: false)
  @join__type(graph: B_1, key: "id", extension: true)
{
  id: ID!
  isbn: String! @join__field(graph: A)
  title: String
    @join__field(graph: A, external: true)
    @join__field(graph: B_1, type: "String!", override: "a-shop", overrideLabel: "x")
  blurb(long: Boolean): String @join__field(graph: B_1, requires: "title")
  rank: Int
    @join__field(graph: B_1, contextArguments: [{ name: "c", type: "String", context: "ctx", selection: "{ x }" }])
  stars: Int @join__field
  secret: Int @inaccessible @join__field(graph: A)
}
union Thing @join__type(graph: A) @join__unionMember(graph: A, member: "Book") = Book
type Hidden @inaccessible @join__type(graph: A) { x: Int }
enum Color @join__type(graph: A) { RED @join__enumValue(graph: A) BLACK @inaccessible @join__enumValue(graph: A) }
input Filter @join__type(graph: A) { color: Color secret: Int @inaccessible }
"""
)

FIRST = """
schema
  @core(feature: "https://specs.apollo.dev/core/v0.1")
  @core(feature: "https://specs.apollo.dev/join/v0.1")
{ query: Query }
enum join__Graph { A @join__graph(name: "a" url: "http://a") B @join__graph(name: "b" url: "http://b") }
type Query { book: Book @join__field(graph: A) }
type Book @join__owner(graph: A) @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! @join__field(graph: A)
  title: String
  stars: Int @join__field(graph: B)
  size: Size @join__field(graph: A)
}
type Size { width: Int }
"""


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    """A supergraph of today."""
    return Supergraph.from_sdl(CURRENT)


def test_subgraphs_go_by_the_names_they_were_composed_with(supergraph: Supergraph) -> None:
    assert {info.name: info.url for info in supergraph.subgraphs.values()} == {"a-shop": "http://a", "b": "http://b"}


def test_the_machinery_is_no_part_of_the_graph(supergraph: Supergraph) -> None:
    assert set(supergraph.types) == {"Query", "Item", "Book", "Thing", "Hidden", "Color", "Filter"}


def test_keys_say_whether_a_subgraph_can_be_entered_by_them(supergraph: Supergraph) -> None:
    keys = supergraph.types["Book"].joins["a-shop"].keys
    assert keys == [KeyInfo("id", resolvable=True), KeyInfo("isbn", resolvable=False)]


def test_a_field_without_a_join_is_in_every_subgraph_of_its_type(supergraph: Supergraph) -> None:
    assert set(supergraph.types["Book"].fields["id"].joins) == {"a-shop", "b"}


def test_a_field_that_comes_from_an_interface_object_is_in_none(supergraph: Supergraph) -> None:
    assert supergraph.types["Book"].fields["stars"].joins == {}
    assert supergraph.types["Item"].joins["b"].is_interface_object


def test_joins_of_a_field(supergraph: Supergraph) -> None:
    title = supergraph.types["Book"].fields["title"].joins
    assert title["a-shop"].external
    assert (str(title["b"].type), title["b"].override, title["b"].override_label) == ("String!", "a-shop", "x")
    assert supergraph.types["Book"].fields["blurb"].joins["b"].requires == "title"
    assert supergraph.types["Query"].fields["book"].joins["a-shop"].provides == "title"
    (context,) = supergraph.types["Book"].fields["rank"].joins["b"].context_arguments
    assert (context.name, context.context, context.selection) == ("c", "ctx", "{ x }")


def test_members_and_interfaces_say_in_which_subgraphs(supergraph: Supergraph) -> None:
    assert supergraph.types["Thing"].members == {"Book": frozenset({"a-shop"})}
    assert supergraph.types["Book"].interfaces == {"Item": frozenset({"a-shop"})}
    assert supergraph.possible_types["Item"] == {"Book"}


def test_values_of_enums_that_clients_must_not_see(supergraph: Supergraph) -> None:
    assert supergraph.types["Color"].kind is Kind.ENUM
    assert supergraph.inaccessible_enum_values == {"Color": frozenset({"BLACK"})}


def test_clients_see_neither_machinery_nor_anything_inaccessible(supergraph: Supergraph) -> None:
    printed = print_schema(supergraph.api_schema)
    for hidden in ("join__", "link__", "@inaccessible", "secret", "Hidden", "BLACK"):
        assert hidden not in printed
    assert "blurb(long: Boolean): String" in printed
    assert "enum Color {\n  RED\n}" in printed


def test_the_first_version_has_owners() -> None:
    supergraph = Supergraph.from_sdl(FIRST)
    book = supergraph.types["Book"]
    assert set(book.fields["title"].joins) == {"a"}
    assert set(book.fields["stars"].joins) == {"b"}
    assert set(supergraph.types["Size"].joins) == {"a", "b"}
    assert [key.fields for key in book.joins["b"].keys] == ["id"]


def test_features_go_by_the_names_they_are_linked_under() -> None:
    renamed = CURRENT.replace("join__", "j__").replace(
        'join/v0.5", for: EXECUTION', 'join/v0.5", as: "j", for: EXECUTION'
    )
    renamed = renamed.replace('inaccessible/v0.2"', 'inaccessible/v0.2", as: "hidden"').replace(
        "@inaccessible", "@hidden"
    )
    supergraph = Supergraph.from_sdl(renamed)
    assert set(supergraph.subgraphs) == {"a-shop", "b"}
    assert "secret" not in print_schema(supergraph.api_schema)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("type Query {", "Syntax Error"),
        ("type Query { a: Int }", "defines no subgraphs"),
        (FIRST.replace("@join__owner(graph: A)", "@join__owner(graph: C)"), "C is not a subgraph"),
    ],
)
def test_a_text_that_is_no_supergraph_is_refused(text: str, why: str) -> None:
    with pytest.raises(SupergraphError, match=why):
        Supergraph.from_sdl(text)


def test_an_unknown_version_of_join_is_refused() -> None:
    with pytest.raises(SupergraphError, match=r"version v0\.9 of join") as refused:
        Supergraph.from_sdl('schema @link(url: "https://specs.apollo.dev/join/v0.9", for: EXECUTION) { query: Query }')
    assert refused.value.code == "INVALID_FEDERATION_SUPERGRAPH"


@pytest.mark.parametrize("purpose", ["SECURITY", "EXECUTION"])
def test_a_feature_that_is_needed_and_not_known_is_refused(purpose: str) -> None:
    with pytest.raises(SupergraphError, match=f"needs .*lock/v1.0.* for {purpose}") as refused:
        Supergraph.from_sdl(f'schema @link(url: "https://example.com/lock/v1.0", for: {purpose}) {{ query: Query }}')
    assert refused.value.code == "UNSUPPORTED_LINKED_FEATURE"
