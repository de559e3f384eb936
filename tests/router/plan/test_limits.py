"""Looking for a plan ends, however many ways there are."""

from typing import Any

import pytest

from router.plan.errors import Enough, TooLong, TooManyChoices
from router.plan.field_sets import FieldSets
from router.plan.walk import _ATTEMPTS, _ENOUGH, Walker  # pyright: ignore[reportPrivateUsage]  # the bounds
from router.supergraph.graph import QueryGraph
from tests.router.harness import HEADER, Federation, World

SIZE = 12


@pytest.fixture(scope="module")
def riddle() -> Federation:
    """Twelve subgraphs, each with three of twelve keys, and fields that two thirds of them share."""
    return Federation({f"s{at}": subgraph(at) for at in range(SIZE)}, World({}, {}))


def subgraph(at: int) -> str:
    known = [at, (at + 1) % SIZE, (at + 3) % SIZE]
    keys = " ".join(f'@key(fields: "k{each}")' for each in known)
    fields = " ".join(f"k{each}: ID!" for each in sorted(set(known)))
    shared = " ".join(f"x{each}: Int @shareable" for each in range(SIZE) if (each * 7 + at) % 3)
    root = "" if at else "type Query { root: T }"
    return f"{HEADER} {root} type T {keys} {{ {fields} f{at}: Int {shared} }}"


def test_a_plan_is_good_enough_after_a_bounded_search(riddle: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    walkers: list[Walker] = []

    class Watched(Walker):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            walkers.append(self)

    monkeypatch.setattr("router.plan.planner.Walker", Watched)
    plan = riddle.plan("{ root { " + " ".join(f"f{at} x{at}" for at in range(SIZE)) + " } }")
    assert len(plan.fetches) == SIZE
    (walker,) = walkers
    assert _ATTEMPTS - walker._attempts <= _ENOUGH + SIZE  # pyright: ignore[reportPrivateUsage]  # how long it has looked


def attempt(walker: Walker, times: int) -> None:
    for _ in range(times):
        walker.attempt()


class TestWalker:
    @pytest.fixture
    def walker(self, riddle: Federation) -> Walker:
        graph = QueryGraph(riddle.supergraph, frozenset())
        return Walker(graph, FieldSets(riddle.supergraph), 1_000, seconds=0)

    def test_time_is_up_soon_after_it_is(self, walker: Walker) -> None:
        with pytest.raises(TooLong):
            attempt(walker, 100)

    def test_who_has_a_solution_takes_it_then(self, walker: Walker) -> None:
        walker.content = 1
        with pytest.raises(Enough):
            attempt(walker, 100)

    def test_without_a_clock_the_work_is_bounded(self, riddle: Federation) -> None:
        walker = Walker(QueryGraph(riddle.supergraph, frozenset()), FieldSets(riddle.supergraph), 1_000)
        with pytest.raises(TooManyChoices) as refused:
            attempt(walker, 1_000_000)
        assert refused.value.code == "QUERY_PLANNING_LIMIT"
