"""What a field requires may be missing without taking the whole object along."""

from collections.abc import Iterator, Sequence

import pytest
from graphql import parse

from router.compose import Composed, Subgraph, compose
from router.plan import Planner
from router.plan.nodes import RepresentationField
from router.supergraph import Supergraph
from tests.router.harness import HEADER

ITEMS = """
type Query { item: Item }
interface Item @key(fields: "id") { id: ID! size: Int }
type Book implements Item @key(fields: "id") { id: ID! size: Int! }
type Film implements Item @key(fields: "id") { id: ID! size: Int }
"""
STARS = """
type Item @key(fields: "id") @interfaceObject {
  id: ID!
  size: Int @external
  stars: Int!
  weight: Int @requires(fields: "size")
}
"""


def sent(operation: str) -> Iterator[tuple[str, RepresentationField]]:
    """What is sent of objects, with their type."""
    composed = compose([Subgraph(name, f"http://{name}", HEADER + sdl) for name, sdl in (("a", ITEMS), ("b", STARS))])
    assert isinstance(composed, Composed), composed
    plan = Planner(Supergraph.from_sdl(composed.supergraph_sdl)).plan(parse(operation), None)
    for fetch in plan.fetches:
        for group in fetch.entities:
            for shape in group.representations:
                yield from ((name, field) for name in shape.on for field in shape.fields)


@pytest.mark.parametrize(
    ("operation", "optional"),
    [
        ("{ item { weight } }", {"Film"}),
        ("query ($if: Boolean!) { item { weight @include(if: $if) } }", {"Film"}),
        ("query ($if: Boolean!) { item { stars weight @include(if: $if) } }", {"Film", "Book"}),
    ],
    ids=["what may be null", "what is all there is", "what conditions may leave out"],
)
def test_it_is_optional(operation: str, optional: set[str]) -> None:
    found = list(sent(operation))
    assert {name for name, field in found if field.is_optional} == optional
    assert all(field.name == "size" for _, field in found if field.is_optional)


BOXES = """
type Query { box: Box }
type Box @key(fields: "id") { id: ID! inner: Crate }
type Crate @key(fields: "id") { id: ID! }
"""
CRATES = """
type Crate @key(fields: "id") { id: ID! lock: Lock! }
type Lock { code: String! maker: String! }
"""
LABELS = """
type Box @key(fields: "id") {
  id: ID!
  plain: String
  inner: Crate @external
  label: String @requires(fields: "inner { lock { code } }")
}
type Crate @key(fields: "id") { id: ID! lock: Lock! @external }
type Lock { code: String! @external }
"""


def test_so_is_all_of_it_that_conditions_may_leave_out() -> None:
    sets = {"boxes": BOXES, "crates": CRATES, "labels": LABELS}
    composed = compose([Subgraph(name, f"http://{name}", HEADER + sdl) for name, sdl in sets.items()])
    assert isinstance(composed, Composed), composed
    operation = "query ($if: Boolean!) { box { plain label @include(if: $if) } }"
    plan = Planner(Supergraph.from_sdl(composed.supergraph_sdl)).plan(parse(operation), None)
    groups = [group for fetch in plan.fetches if fetch.subgraph == "labels" for group in fetch.entities]
    required = [field for group in groups for shape in group.representations for field in shape.fields]
    names = list(_below([field for field in required if not field.is_key]))
    assert names == [("inner", True), ("lock", True), ("code", True)]


def _below(fields: Sequence[RepresentationField]) -> Iterator[tuple[str, bool]]:
    for field in fields:
        yield field.name, field.is_optional
        yield from _below(field.selections)
