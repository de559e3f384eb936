"""The router answers random operations over random graphs as graphql-core does over the same graph in one piece."""

import pytest

from tests.conformance.monolith.runs import Effort, Graph, Tally

GRAPHS = 3
OPERATIONS = 84
EFFORT = Effort(fields=8, deferred=0.15, compiled=0.33)
"""Small operations, so that there is time for many."""


@pytest.mark.parametrize("first", range(0, 4_000, 1_000))
async def test_a_split_graph_answers_as_the_whole_one(first: int) -> None:
    """Three graphs that compose and 84 operations each, a thousand in all; `make fuzz` has a hundred thousand."""
    tally = Tally()
    for seed in range(first, first + 1_000):
        graph = Graph(seed)
        found = await graph.check(OPERATIONS, EFFORT)
        assert found is None, str(found)
        tally.add(graph.tally)
        if tally.graphs == GRAPHS:
            break
    assert tally.operations == GRAPHS * OPERATIONS
