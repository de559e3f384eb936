"""What operations cost where the subgraphs say so with @cost and @listSize."""

import time
from typing import Any

import pytest

from router.serve import Refused
from tests.router.serve.demand.pricing import actual, estimate, prices, supergraph

BOOKS = """
    type Query {
      book(id: ID): Book
      bestsellers: [Book] @listSize(assumedSize: 5)
      newest(limit: Int): [Book] @listSize(slicingArguments: ["limit"])
      page(first: Int, last: Int): Page @listSize(slicingArguments: ["first", "last"], sizedFields: ["page"])
      either(first: Int, last: Int): [Book]
        @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false, assumedSize: 7)
      few(first: Int = 2): [Book] @listSize(slicingArguments: ["first"])
      all: [Book]
      grid: [[Book]]
    }
    type Mutation { touch: Book, ping: Int }
    type Page { page: [Book], others: [Book], next: String }
    type Book { title: String author: Author publisher: Publisher }
    type Author { name: String }
    type Publisher { name: String address: Address }
"""
PLAIN = BOOKS + "type Address { zipCode: Int! }"
WEIGHTED = BOOKS + "type Address @cost(weight: 5) { zipCode: Int! }"
WHOLE = "title author { name } publisher { name address { zipCode } }"


class TestExamples:
    """Those of the documentation of Apollo's router, for its schema of books."""

    def test_every_object_costs_one(self) -> None:
        assert estimate(prices(PLAIN), f"query BookQuery {{ book(id: 1) {{ {WHOLE} }} }}") == 4

    def test_a_type_has_its_weight(self) -> None:
        assert estimate(prices(WEIGHTED), f"query BookQuery {{ book(id: 1) {{ {WHOLE} }} }}") == 8

    def test_a_list_has_its_assumed_size(self) -> None:
        assert estimate(prices(WEIGHTED), f"query BestsellersQuery {{ bestsellers {{ {WHOLE} }} }}") == 40

    def test_a_list_is_as_long_as_the_client_asks(self) -> None:
        assert estimate(prices(WEIGHTED), f"query NewestBooksQuery {{ newest(limit: 3) {{ {WHOLE} }} }}") == 24

    def test_a_page_sizes_its_field(self) -> None:
        assert estimate(prices(WEIGHTED), f"query Cursor {{ page(first: 3) {{ page {{ {WHOLE} }} next }} }}") == 1 + 24


class TestSpecification:
    """The example of the IBM specification, whose weights are text."""

    SDL = """
        type User { name: String age: Int @cost(weight: 2) }
        type Query { users(max: Int): [User] @listSize(slicingArguments: ["max"]) }
    """

    def test_a_field_has_its_weight_for_every_object(self) -> None:
        assert estimate(prices(self.SDL), "query Example { users(max: 5) { age } }") == 5 * (1 + 2)

    def test_a_list_of_which_nobody_says_how_long_it_is_cannot_be_priced(self) -> None:
        with pytest.raises(Refused, match="exactly one of the arguments max") as refused:
            estimate(prices(self.SDL), "query Example { users { age } }")
        assert refused.value.errors[0]["extensions"]["code"] == "COST_QUERY_PARSE_FAILURE"


class TestSizes:
    @pytest.mark.parametrize(
        ("text", "cost"),
        [
            ("{ page(last: 4) { page { title } others { title } } }", 1 + 4 + 1),
            ("{ either(first: 2, last: 4) { title } }", 4),
            ("{ either { title } }", 7),
            ("{ few { title } }", 2),
            ("{ few(first: 9) { title } }", 9),
            ("{ few(first: -9) { title } }", 0),
            ("{ all { title } }", 1),
            (
                "{ page(first: 3) { ...P } again: page(first: 10) { ...P } } fragment P on Page { page { title } }",
                2 + 13,
            ),
            ("mutation { touch { title } ping }", 10 + 1),
            ("{ book { title @skip(if: true) author @include(if: false) { name } } }", 1),
        ],
    )
    def test_each_way_to_say_it(self, text: str, cost: float) -> None:
        assert estimate(prices(PLAIN), text) == cost

    def test_lists_within_lists_are_assumed_each(self) -> None:
        assert estimate(prices(PLAIN, list_size=4), "{ grid { title } }") == 16

    @pytest.mark.parametrize("text", ["{ page { page { title } } }", "{ page(first: 1, last: 1) { next } }"])
    def test_exactly_one_argument_must_be_given(self, text: str) -> None:
        with pytest.raises(Refused, match="exactly one of the arguments first and last"):
            estimate(prices(PLAIN), text)

    def test_variables_may_say_it(self) -> None:
        text = "query ($n: Int, $m: Int, $all: Boolean!) { page(first: $n, last: $m) { page { title } } all @include(if: $all) { title } }"  # noqa: E501  # one operation
        plain = prices(PLAIN)
        assert estimate(plain, text, n=6, all=False) == 1 + 6
        assert estimate(plain, text, m=2, all=True) == 1 + 2 + 1
        with pytest.raises(Refused, match="exactly one"):
            estimate(plain, text, n=6, m=2, all=False)

    def test_no_size_is_too_large_to_be_reckoned_with(self) -> None:
        text = "{ a: newest(limit: 2147483647) { title } b: grid { title } }"
        with pytest.raises(Refused, match="none may cost more"):
            estimate(prices(PLAIN, list_size=10**9), text)


class TestWeights:
    SDL = """
        type Query {
          search(term: String @cost(weight: 3), filter: Filter): [Thing] @cost(weight: 2) @listSize(assumedSize: 10)
          thing: Thing
        }
        interface Thing { id: ID! price: Int }
        type Cheap implements Thing { id: ID! price: Int }
        type Dear implements Thing @cost(weight: 4) { id: ID! price: Int @cost(weight: 6) kind: Kind blob: Blob }
        enum Kind @cost(weight: 7) { A }
        scalar Blob @cost(weight: 8)
        input Filter { text: String @cost(weight: 5) also: [Filter!] kind: Kind plain: Int }
    """

    @pytest.mark.parametrize(
        ("text", "cost"),
        [
            ("{ search { id } }", 10 * 2),
            ('{ search(term: "a") { id } }', 3 + 20),
            ("{ search(term: null) { id } }", 20),
            ('{ search(filter: {text: "a", plain: 1, also: [{text: "b"}, {kind: A}]}) { id } }', 5 + 5 + 7 + 20),
            ("{ thing { id } }", 4),
            ("{ thing { price } }", 4 + 6),
            ("{ thing { ... on Cheap { price } } }", 4),
            ("{ thing { ... on Dear { kind blob } } }", 4 + 7 + 8),
        ],
    )
    def test_of_fields_arguments_inputs_and_leaves(self, text: str, cost: float) -> None:
        assert estimate(prices(self.SDL), text) == cost

    def test_variables_cost_what_is_in_them(self) -> None:
        text = "query ($f: Filter, $t: String) { search(term: $t, filter: $f) { id } }"
        weighted = prices(self.SDL)
        assert estimate(weighted, text) == 20
        assert estimate(weighted, text, t="a", f={"also": [{"text": "b"}, {"text": None}]}) == 3 + 5 + 20
        assert estimate(weighted, text, t=None, f=None) == 20

    @pytest.mark.parametrize(
        "imports",
        ['["@cost", "@listSize"]', '[{name: "@cost", as: "@price"}, {name: "@listSize", as: "@length"}]', "[]"],
    )
    def test_by_whatever_names_the_directives_go(self, imports: str) -> None:
        link = f'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: {imports})'
        names = {"[]": ("@federation__cost", "@federation__listSize")}.get(
            imports, ("@price", "@length") if "price" in imports else ("@cost", "@listSize")
        )
        sdl = f"type Query {{ a: [A] {names[1]}(assumedSize: 3) }} type A {names[0]}(weight: 2) {{ b: Int }}"
        assert estimate(prices(sdl, link=link), "{ a { b } }") == 6

    def test_of_several_subgraphs_the_dearest_counts(self) -> None:
        cheap = "type Query { a: A } type A @cost(weight: 2) { x: Int @shareable }"
        dear = "type A @cost(weight: 3) { x: Int @shareable }"
        assert estimate(prices(cheap, dear), "{ a { x } }") == 3

    def test_clients_do_not_see_the_directives(self) -> None:
        schema = supergraph(self.SDL).api_schema
        assert schema.get_directive("cost") is None
        assert schema.get_directive("listSize") is None


ANSWERS: list[tuple[str, Any, float]] = [
    ("{ book { title } }", {"book": {"title": "x"}}, 1),
    ("{ book { title } }", {"book": None}, 0),
    ("{ book { title } }", None, 0),
    ("{ all { title } }", {"all": [{"title": "x"}, None, {"title": None}]}, 2),
    ("{ grid { title } }", {"grid": [[{"title": "x"}], None, [None, {"title": "y"}]]}, 2),
    ("mutation { ping }", {"ping": 1}, 10),
    (
        "{ all { author { name } publisher { address { zipCode } } } }",
        {"all": [{"author": {"name": "a"}, "publisher": None}, {"author": None, "publisher": {"address": {}}}]},
        2 + 1 + 1 + 5,
    ),
    ("{ a: book { title } b: book { title } }", {"a": {"title": "x"}, "b": None}, 1),
    ("{ book { ...F ...F } } fragment F on Book { author { name } }", {"book": {"author": {"name": "a"}}}, 2),
]
"""An operation, its data and what that costs."""


class TestActual:
    @pytest.mark.parametrize(("text", "data", "cost"), ANSWERS)
    def test_what_is_in_the_answer_counts(self, text: str, data: dict[str, Any] | None, cost: float) -> None:
        assert actual(prices(WEIGHTED), text, data) == cost

    def test_weights_count_as_in_the_estimate(self) -> None:
        text = """
            query ($f: Filter) {
              search(term: "a", filter: $f) { price ... on Dear { kind blob } ... on Cheap { kind: price } }
            }
        """
        data = {"search": [{"price": 1, "kind": "A", "blob": [1, [2]]}, {"price": None, "kind": 4}, None]}
        weighted = prices(TestWeights.SDL)
        cost = 3 + 5 + 2 * 2 + 6 + (7 + 8) + 7
        assert actual(weighted, text, data, f={"text": "x"}) == cost
        assert estimate(weighted, text, f={"text": "x"}) > cost

    def test_it_is_measured_promptly(self) -> None:
        data = {"all": [{"author": {"name": "a"}, "publisher": {"address": {"zipCode": 1}}}] * 100_000}
        started = time.process_time()
        assert actual(prices(PLAIN), "{ all { author { name } publisher { address { zipCode } } } }", data) == 400_000
        assert time.process_time() - started < 5
