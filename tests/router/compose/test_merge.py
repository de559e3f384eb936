"""What the supergraph says of merged subgraphs."""

import random
import re

import pytest
from graphql import build_schema, parse, print_ast

from router.compose import Composed, Subgraph, compose
from router.supergraph import Supergraph
from tests.router.compose.graphs import FEDERATION_1, LINK, outcome, supergraph

PRODUCTS = """
    type Product @key(fields: "id") @key(fields: "sku") {
      id: ID!
      sku: String!
      name: String @shareable
      size: Size
    }
    enum Size { S M }
    type Query { product(id: ID!): Product }
"""
REVIEWS = """
    type Product @key(fields: "id") {
      id: ID!
      name: String @external
      title: String @requires(fields: "name")
      reviews(first: Int = 3): [Review!]!
    }
    type Review { body: String author: Author }
    union Author = User | Guest
    type User @key(fields: "id", resolvable: false) { id: ID! }
    type Guest { name: String }
"""


def lines(sdl: str) -> set[str]:
    """The lines of an SDL without their margins."""
    return {line.strip() for line in sdl.splitlines()}


def test_the_supergraph_says_which_subgraph_resolves_what() -> None:
    said = lines(supergraph(products=PRODUCTS, reviews=REVIEWS))
    assert {
        '@join__type(graph: PRODUCTS, key: "id")',
        '@join__type(graph: PRODUCTS, key: "sku")',
        '@join__type(graph: REVIEWS, key: "id", resolvable: false)',
        "id: ID!",
        "sku: String! @join__field(graph: PRODUCTS)",
        "name: String @join__field(graph: PRODUCTS) @join__field(graph: REVIEWS, external: true)",
        'title: String @join__field(graph: REVIEWS, requires: "name")',
        "reviews(first: Int = 3): [Review!]! @join__field(graph: REVIEWS)",
        '@join__unionMember(graph: REVIEWS, member: "Guest")',
        "S @join__enumValue(graph: PRODUCTS)",
        'PRODUCTS @join__graph(name: "products", url: "http://products")',
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
    } <= said


def test_the_supergraph_is_a_valid_schema_that_our_own_model_reads() -> None:
    sdl = supergraph(products=PRODUCTS, reviews=REVIEWS)
    build_schema(sdl)
    read = Supergraph.from_sdl(sdl)
    assert set(read.subgraphs) == {"products", "reviews"}
    assert set(read.api_schema.type_map) >= {"Product", "Review", "Author"}


def test_printing_and_parsing_change_nothing() -> None:
    sdl = supergraph(products=PRODUCTS, reviews=REVIEWS)
    assert print_ast(parse(sdl)) == print_ast(parse(print_ast(parse(sdl))))


@pytest.mark.parametrize("seed", range(5))
def test_neither_the_order_of_subgraphs_nor_that_of_definitions_matters(seed: int) -> None:
    def shuffled(sdl: str) -> str:
        definitions = [print_ast(node) for node in parse(f"{LINK}\n{sdl}").definitions]
        chance.shuffle(definitions)
        return "\n".join(definitions)

    chance = random.Random(seed)
    graphs = [Subgraph("products", "http://products", shuffled(PRODUCTS)), Subgraph("reviews", "", shuffled(REVIEWS))]
    graphs = [Subgraph(graph.name, f"http://{graph.name}", graph.sdl) for graph in graphs]
    chance.shuffle(graphs)
    found = compose(graphs)
    assert isinstance(found, Composed)
    assert found.supergraph_sdl == supergraph(products=PRODUCTS, reviews=REVIEWS)


def test_names_of_subgraphs_become_distinct_enum_values() -> None:
    graphs = [Subgraph(name, "", f"type Query {{ q{at}: Int }}") for at, name in enumerate(("my-a", "my_a", "1st"))]
    found = compose(graphs)
    assert isinstance(found, Composed)
    values = re.findall(r'(\w+) @join__graph\(name: "([^"]*)"', found.supergraph_sdl)
    assert sorted(values) == [("MY_A_1", "my-a"), ("MY_A_2", "my_a"), ("_1ST", "1st")]


def test_root_types_get_their_default_names() -> None:
    sdl = supergraph(a=f"{LINK} schema {{ query: Root }} type Root {{ q: Root }}")
    assert "type Query" in sdl
    assert "q: Query" in lines(sdl)
    assert "Root" not in sdl


class TestFields:
    def test_an_overridden_field_is_resolved_by_its_new_owner(self) -> None:
        said = lines(
            supergraph(
                a='type T @key(fields: "id") { id: ID! f: Int @override(from: "b") } type Query { t: T }',
                b='type T @key(fields: "id") { id: ID! f: Int g: Int }',
            )
        )
        assert 'f: Int @join__field(graph: A, override: "b")' in said

    def test_a_label_keeps_both_owners_for_a_while(self) -> None:
        said = lines(
            supergraph(
                a='type Query { f: Int @override(from: "b", label: "percent(5)") }',
                b="type Query { f: Int }",
            )
        )
        told = 'override: "b", overrideLabel: "percent(5)"'
        assert f'f: Int @join__field(graph: A, {told}) @join__field(graph: B, overrideLabel: "percent(5)")' in said

    def test_the_widest_type_is_returned_and_the_narrowest_taken(self) -> None:
        said = lines(
            supergraph(
                a="type Query { f(x: Int): Int! @shareable }",
                b="type Query { f(x: Int!): Int @shareable }",
            )
        )
        told = '@join__field(graph: A, type: "Int!") @join__field(graph: B, type: "Int")'
        assert f"f(x: Int!): Int {told}" in said

    def test_an_optional_argument_that_not_all_know_is_left_out(self) -> None:
        sdl = supergraph(a="type Query { f(x: Int): Int @shareable }", b="type Query { f: Int @shareable }")
        assert "f: Int" in lines(sdl)

    def test_a_context_is_told_with_the_field_that_takes_it(self) -> None:
        sdl = supergraph(
            a="""
                type P @key(fields: "id") @context(name: "ctx") { id: ID! prop: String! u: U! }
                type U @key(fields: "id") { id: ID! f(a: String @fromContext(field: "$ctx { prop }")): Int }
                type Query { p: P! }
            """
        )
        assert '@context(name: "a__ctx")' in sdl
        told = '[{context: "a__ctx", name: "a", type: "String", selection: " { prop }"}]'
        assert f"f: Int @join__field(graph: A, contextArguments: {told})" in lines(sdl)


class TestInterfaceObjects:
    def test_implementations_get_the_fields_of_the_object_that_stands_for_them(self) -> None:
        said = lines(
            supergraph(
                a="""
                    interface Item @key(fields: "id") { id: ID! }
                    type Lesson implements Item @key(fields: "id") { id: ID! title: String }
                    type Query { item: Item }
                """,
                b='type Item @key(fields: "id") @interfaceObject { id: ID! progress(at: Int = 1): Float }',
            )
        )
        assert '@join__type(graph: B, key: "id", isInterfaceObject: true)' in said
        assert "progress(at: Int = 1): Float @join__field" in said
        assert "progress(at: Int = 1): Float @join__field(graph: B)" in said


class TestDirectives:
    def test_tags_unite(self) -> None:
        sdl = supergraph(
            a='type Query { f: Int @shareable @tag(name: "x") }', b='type Query { f: Int @shareable @tag(name: "y") }'
        )
        assert 'f: Int @tag(name: "x") @tag(name: "y")' in lines(sdl)
        assert '@link(url: "https://specs.apollo.dev/tag/v0.3")' in lines(sdl)

    def test_access_rules_are_all_to_be_met(self) -> None:
        sdl = supergraph(
            a='type Query { f: Int @shareable @requiresScopes(scopes: [["a"], ["b"]]) }',
            b='type Query { f: Int @shareable @requiresScopes(scopes: [["c"]]) }',
        )
        assert 'f: Int @requiresScopes(scopes: [["a", "c"], ["b", "c"]])' in lines(sdl)

    def test_interfaces_take_the_access_rules_of_what_implements_them(self) -> None:
        sdl = supergraph(
            a="interface I { f: Int } type T implements I @authenticated { f: Int } type Query { i: I }",
        )
        assert lines(sdl) >= {"interface I", "type T implements I", "@authenticated"}
        assert sdl.count("  @authenticated\n") == 2

    def test_costs_are_the_largest_given(self) -> None:
        sdl = supergraph(
            a="type Query { f: Int @shareable @cost(weight: 2) }", b="type Query { f: Int @shareable @cost(weight: 5) }"
        )
        assert "f: Int @cost(weight: 5)" in lines(sdl)

    def test_what_graphql_itself_defines_is_carried(self) -> None:
        sdl = supergraph(
            a="""
                scalar Date @specifiedBy(url: "https://example.com/date")
                input By @oneOf { id: ID name: String }
                enum E { OLD @deprecated(reason: "old") NEW }
                type Query { f(by: By): Date @deprecated(reason: "no") e: E }
            """
        )
        assert {
            '@specifiedBy(url: "https://example.com/date")',
            "@oneOf",
            "directive @oneOf on INPUT_OBJECT",
            'OLD @join__enumValue(graph: A) @deprecated(reason: "old")',
            'f(by: By): Date @deprecated(reason: "no")',
        } <= lines(sdl)

    def test_a_custom_directive_is_composed_on_request(self) -> None:
        sdl = supergraph(
            a=f"""
                {LINK}
                extend schema @link(url: "https://example.com/mark/v1.0", import: ["@mark"])
                  @composeDirective(name: "@mark")
                directive @mark(by: String) on FIELD_DEFINITION
                type Query {{ f: Int @mark(by: "me") }}
            """
        )
        assert {
            '@link(url: "https://example.com/mark/v1.0", import: ["@mark"])',
            "directive @mark(by: String) on FIELD_DEFINITION",
            'f: Int @mark(by: "me")',
        } <= lines(sdl)

    def test_connectors_and_cache_tags_go_by_join_directive(self) -> None:
        sdl = supergraph(
            a="""
                extend schema
                  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@cacheTag"])
                  @link(url: "https://specs.apollo.dev/connect/v0.1", import: ["@connect"])
                type Query {
                  f: Int @connect(http: { GET: "http://x" }, selection: "$")
                  g: Int @cacheTag(format: "g")
                }
            """
        )
        connect = 'name: "connect", args: {http: {GET: "http://x"}, selection: "$"}'
        cache_tag = 'name: "federation__cacheTag", args: {format: "g"}'
        assert f"f: Int @join__directive(graphs: [A], {connect})" in lines(sdl)
        assert f"g: Int @join__directive(graphs: [A], {cache_tag})" in lines(sdl)
        assert '@link(url: "https://specs.apollo.dev/connect/v0.3", for: EXECUTION)' in lines(sdl)
        assert '@link(url: "https://specs.apollo.dev/cacheTag/v0.1", for: EXECUTION)' in lines(sdl)
        assert "directive @cacheTag" not in sdl

    def test_an_empty_description_is_one(self) -> None:
        assert '""""""' in lines(supergraph(a='"" type Query { f: Int }'))

    def test_scalars_have_strings_for_default_values(self) -> None:
        sdl = supergraph(a="scalar S type Query { f(id: ID = A, s: S = {a: [B]}): Int }")
        assert 'f(id: ID = "A", s: S = {a: ["B"]}): Int' in lines(sdl)

    def test_names_are_those_of_the_imports(self) -> None:
        sdl = supergraph(
            a="""
                extend schema @link(
                  url: "https://specs.apollo.dev/federation/v2.3", as: "fed", import: [{name: "@key", as: "@entity"}]
                )
                type T @entity(fields: "id") { id: ID! f: Int @fed__shareable g: Int @fed__tag(name: "x") }
                type Query { t: T }
            """
        )
        assert '@join__type(graph: A, key: "id")' in lines(sdl)
        assert 'g: Int @fed__tag(name: "x")' in lines(sdl)


class TestFederation1:
    def test_what_several_resolve_is_shared(self) -> None:
        one = FEDERATION_1 + "type Price { amount: Int currency: String } type Query { a: Price }"
        other = FEDERATION_1 + "type Price { amount: Int currency: String } type Query { b: Price }"
        assert "amount: Int" in lines(supergraph(a=one, b=other))

    def test_extensions_refer_to_their_base(self) -> None:
        said = lines(
            supergraph(
                base=FEDERATION_1 + 'type T @key(fields: "id") { id: ID! f: Int } type Query { t: T }',
                more=FEDERATION_1
                + 'extend type T @key(fields: "id") { id: ID! @external g: Int unused: Int @external }',
            )
        )
        assert "g: Int @join__field(graph: MORE)" in said
        assert not any(line.startswith("unused") for line in said)

    def test_it_lives_beside_federation_2(self) -> None:
        found = outcome(
            old=FEDERATION_1 + 'type T @key(fields: "id") { id: ID! f: Int } type Query { t: T }',
            new='type T @key(fields: "id") { id: ID! g: Int }',
        )
        assert isinstance(found, Composed)


def test_what_is_nested_without_end_is_refused() -> None:
    deep = "f { " * 5000 + "f" + " }" * 5000
    found = outcome(a=f'type T @key(fields: "{deep}") {{ f: T }} type Query {{ t: T }}')
    assert [error.code for error in getattr(found, "errors", ())] in (["INVALID_GRAPHQL"], ["KEY_INVALID_FIELDS"])
