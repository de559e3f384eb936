"""Progressive overrides hold or not, as a request says."""

import pytest
from graphql import parse

from router.compose import Composed, Subgraph, compose
from router.plan import Labels, Planner, Rollout
from router.supergraph import Supergraph

HEADER = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@override"])\n'
OLD = f"""{HEADER}
type Query {{ book: Book }}
type Book @key(fields: "id") {{ id: ID! title: String stars: Int pages: Int price: Int }}
"""
NEW = f"""{HEADER}
type Book @key(fields: "id") {{
  id: ID!
  title: String @override(from: "old", label: "titles")
  stars: Int @override(from: "old", label: "percent(25.5)")
  pages: Int @override(from: "old", label: "percent(75)")
  price: Int @override(from: "old")
}}
"""


def supergraph() -> Supergraph:
    """Fields of books on their way from one subgraph to another."""
    composed = compose([Subgraph("old", "http://old", OLD), Subgraph("new", "http://new", NEW)])
    assert isinstance(composed, Composed), composed
    return Supergraph.from_sdl(composed.supergraph_sdl)


def subgraphs(field: str, *labels: str) -> list[str]:
    """Whom a plan asks for a field of a book."""
    plan = Planner(supergraph()).plan(parse(f"{{ book {{ {field} }} }}"), None, frozenset(labels))
    return [fetch.subgraph for fetch in plan.fetches]


def test_an_override_with_a_label_holds_where_the_label_does() -> None:
    assert subgraphs("title") == ["old"]
    assert subgraphs("title", "titles") == ["old", "new"]
    assert subgraphs("title", "percent(75)") == ["old"]


def test_one_without_holds_always() -> None:
    assert subgraphs("price") == ["old", "new"]


def test_labels_that_nothing_uses_make_no_difference() -> None:
    labels = Labels(supergraph())
    assert labels.outcome(Rollout(frozenset({"other", "titles"}), share=100)) == {"titles"}


def test_a_percentage_holds_below_it() -> None:
    labels = Labels(supergraph())
    assert labels.outcome(Rollout(share=0)) == {"percent(25.5)", "percent(75)"}
    assert labels.outcome(Rollout(share=25.5)) == {"percent(75)"}
    assert labels.outcome(Rollout(share=80)) == frozenset()


def test_a_percentage_is_not_to_be_had_by_its_name() -> None:
    assert Labels(supergraph()).outcome(Rollout(frozenset({"percent(75)"}), share=99)) == frozenset()


def test_requests_without_a_place_of_their_own_are_spread() -> None:
    labels = Labels(supergraph())
    outcomes = [labels.outcome(Rollout()) for _ in range(2_000)]
    assert 1_300 < sum("percent(75)" in each for each in outcomes) < 1_700
    assert len(set(outcomes)) == 3


def test_more_sets_of_labels_than_are_kept_are_planned_all_the_same() -> None:
    planner = Planner(supergraph())
    document = parse("{ book { title } }")
    for number in range(100):
        plan = planner.plan(document, None, frozenset({"titles", f"unknown {number}"}))
        assert [fetch.subgraph for fetch in plan.fetches] == ["old", "new"]


PROVIDING = HEADER.replace('"@override"', '"@override", "@provides", "@external", "@shareable"')
WRITERS = f"""{PROVIDING}
type Book @key(fields: "id") {{ id: ID! writer: Writer }}
type Writer @key(fields: "id") {{ id: ID! name: String @shareable }}
"""
NEWEST = f"""{PROVIDING}
type Query {{ newest: Book @provides(fields: "writer {{ name }}") }}
type Book @key(fields: "id") {{ id: ID! writer: Writer @override(from: "old", label: "writers") }}
type Writer @key(fields: "id") {{ id: ID! name: String @external }}
"""


@pytest.mark.parametrize(("labels", "asked"), [((), ["new", "old"]), (("writers",), ["new"])])
def test_what_is_provided_below_an_overridden_field_comes_where_the_label_holds(
    labels: tuple[str, ...], asked: list[str]
) -> None:
    composed = compose([Subgraph("old", "http://old", WRITERS), Subgraph("new", "http://new", NEWEST)])
    assert isinstance(composed, Composed), composed
    planner = Planner(Supergraph.from_sdl(composed.supergraph_sdl))
    plan = planner.plan(parse("{ newest { writer { name } } }"), None, frozenset(labels))
    assert [fetch.subgraph for fetch in plan.fetches] == asked
