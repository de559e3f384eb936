"""The router answers random operations over random graphs as graphql-core does over the same graph in one piece."""

import pytest

from tests.conformance.monolith.runs import Graph, Tally

GRAPHS = 5
OPERATIONS = 50
FIELDS = 8
"""In an operation at most, or nearly: small ones, so that there is time for many."""


@pytest.mark.parametrize("first", range(0, 8_000, 1_000))
async def test_a_split_graph_answers_as_the_whole_one(first: int) -> None:
    """Five graphs that compose, fifty operations each."""
    tally = Tally()
    for seed in range(first, first + 1_000):
        graph = Graph(seed)
        found = await graph.check(OPERATIONS, FIELDS)
        assert found is None, str(found)
        tally.add(graph.tally)
        if tally.graphs == GRAPHS:
            break
    assert tally.operations == GRAPHS * OPERATIONS
