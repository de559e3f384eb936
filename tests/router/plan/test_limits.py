"""Looking for a plan ends, however many ways there are."""

import time

import pytest

from router.plan import Planner
from router.plan.errors import Enough, TooLong, TooManyChoices
from router.plan.field_sets import FieldSets
from router.plan.walk import Walker
from router.supergraph.graph import QueryGraph
from tests.router.harness import HEADER, Federation, World

PROMPT_SECONDS = 5.0
"""Of processor time. Generous: without bounds it takes far longer than that."""

SIZE = 14


@pytest.fixture(scope="module")
def riddle() -> Federation:
    """Fourteen subgraphs, each with three of fourteen keys, and fields that two thirds of them share."""
    return Federation({f"s{at}": subgraph(at) for at in range(SIZE)}, World({}, {}))


def subgraph(at: int) -> str:
    known = [at, (at + 1) % SIZE, (at + 3) % SIZE]
    keys = " ".join(f'@key(fields: "k{each}")' for each in known)
    fields = " ".join(f"k{each}: ID!" for each in sorted(set(known)))
    shared = " ".join(f"x{each}: Int @shareable" for each in range(SIZE) if (each * 7 + at) % 3)
    root = "" if at else "type Query { root: T }"
    return f"{HEADER} {root} type T {keys} {{ {fields} f{at}: Int {shared} }}"


def test_many_keys_in_many_subgraphs_are_planned_promptly_and_well(riddle: Federation) -> None:
    started = time.process_time()
    plan = riddle.plan("{ root { " + " ".join(f"f{at} x{at}" for at in range(SIZE)) + " } }")
    assert time.process_time() - started < PROMPT_SECONDS
    assert len(plan.fetches) == SIZE


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


def test_a_planner_can_be_given_all_the_time_it_takes(riddle: Federation) -> None:
    riddle.planner = Planner(riddle.supergraph, seconds=None)
    assert riddle.plan("{ root { f1 } }").fetches
