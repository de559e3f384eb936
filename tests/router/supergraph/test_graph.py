"""The query graph: who resolves a field, and how objects get there."""

from router.supergraph import Supergraph
from router.supergraph.graph import QueryGraph

SDL = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION)
  { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "")
  C @join__graph(name: "c", url: "") }
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  best: Book @join__field(graph: A, provides: "title author { name }")
  items: [Item] @join__field(graph: A)
  things: [Thing] @join__field(graph: A)
}
interface Item
  @join__type(graph: A, key: "id") @join__type(graph: C, key: "id", isInterfaceObject: true)
{
  id: ID! @join__field(graph: A) @join__field(graph: C)
  percent: Int @join__field(graph: C)
  year: Int @join__field(graph: A)
}
type Book implements Item
  @join__implements(graph: A, interface: "Item")
  @join__type(graph: A, key: "id")
  @join__type(graph: B, key: "id") @join__type(graph: B, key: "isbn", resolvable: false)
{
  id: ID!
  isbn: String @join__field(graph: B)
  title: String @join__field(graph: A, external: true) @join__field(graph: B)
  author: Author @join__field(graph: A) @join__field(graph: B)
  moved: Int @join__field(graph: A) @join__field(graph: B, override: "a", overrideLabel: "new")
  gone: Int @join__field(graph: A, usedOverridden: true) @join__field(graph: B, override: "a")
  year: Int @join__field(graph: A, requires: "title")
  percent: Int @join__field
}
type Film implements Item @join__implements(graph: A, interface: "Item") @join__type(graph: A, key: "id")
{ id: ID! year: Int percent: Int @join__field }
type Author @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! name: String @join__field(graph: A, external: true) @join__field(graph: B)
}
union Thing @join__type(graph: A) @join__type(graph: B)
  @join__unionMember(graph: A, member: "Book") @join__unionMember(graph: A, member: "Film")
  @join__unionMember(graph: B, member: "Book") = Book | Film
"""

SUPERGRAPH = Supergraph.from_sdl(SDL)
GRAPH = QueryGraph(SUPERGRAPH)


def resolvers(type_name: str, field: str, graph: QueryGraph = GRAPH) -> list[str]:
    """The nodes, as text."""
    return [repr(node) for node in graph.resolvers(type_name, field)]


def test_an_external_field_is_not_resolved() -> None:
    assert resolvers("Book", "title") == ["Book@b"]


def test_a_field_of_several_subgraphs() -> None:
    assert resolvers("Book", "author") == ["Book@a", "Book@b"]


def test_a_field_that_was_taken_over_is_not_resolved() -> None:
    assert resolvers("Book", "gone") == ["Book@b"]


def test_a_labelled_override_holds_with_its_label_only() -> None:
    assert resolvers("Book", "moved") == ["Book@a"]
    assert resolvers("Book", "moved", QueryGraph(SUPERGRAPH, frozenset({"new"}))) == ["Book@b"]


def test_an_interface_object_resolves_for_the_implementations() -> None:
    assert resolvers("Book", "percent") == ["Item@c"]


def test_objects_enter_by_resolvable_keys_and_as_interface_objects() -> None:
    ways = [(repr(each.target), each.key, each.typename) for each in GRAPH.entries("Book")]
    assert ways == [("Book@a", "id", "Book"), ("Book@b", "id", "Book"), ("Item@c", "id", "Item")]


def test_objects_of_unknown_type_enter_by_their_interface() -> None:
    assert [repr(each.target) for each in GRAPH.entries("Item")] == ["Item@a", "Item@c"]


def test_root_types_are_entered_freely() -> None:
    assert [(repr(each.target), each.key) for each in GRAPH.entries("Query")] == [
        ("Query@a", None),
        ("Query@b", None),
        ("Query@c", None),
    ]


def test_what_is_provided_is_resolved_on_that_way_only() -> None:
    edge = GRAPH.node("a", "Query").edge("best")
    assert edge is not None
    assert edge.child is not None
    assert edge.child.edge("title") is not None
    author = edge.child.edge("author")
    assert author is not None
    assert author.child is not None
    assert author.child.edge("name") is not None
    assert GRAPH.node("a", "Book").edge("title") is None


def test_an_interface_answers_for_all_its_objects_only_if_each_type_does() -> None:
    items = GRAPH.node("a", "Item")
    assert items.uniform("id") is not None
    assert items.edge("year") is not None
    assert items.uniform("year") is None


def test_runtime_types_are_those_of_the_subgraph() -> None:
    assert GRAPH.node("a", "Thing").possible == {"Book", "Film"}
    assert GRAPH.node("b", "Thing").possible == {"Book"}
    assert GRAPH.node("c", "Item").possible == {"Item"}


def test_a_union_can_be_narrowed() -> None:
    narrowed = GRAPH.node("a", "Thing").narrowed(frozenset({"Book"}))
    assert narrowed.possible == {"Book"}
    assert GRAPH.node("b", "Thing").narrowed(frozenset({"Book"})) is GRAPH.node("b", "Thing")
