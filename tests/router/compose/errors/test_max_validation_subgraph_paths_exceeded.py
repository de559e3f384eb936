"""MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED."""

from router.compose import Refused, Subgraph, compose
from router.compose.limits import Limits
from tests.router.compose.graphs import LINK


def test_a_search_for_ways_ends_with_its_budget() -> None:
    sdl = f"{LINK} type T {{ t: T u: U }} type U {{ t: T }} type Query {{ t: T }}"
    found = compose([Subgraph("a", "", sdl)], limits=Limits(steps=1))
    assert isinstance(found, Refused)
    assert [error.code for error in found.errors] == ["MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"]
