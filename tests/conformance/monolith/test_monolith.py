"""The router answers random operations over random graphs as graphql-core does over the same graph in one piece."""

import pytest

from tests.conformance.monolith.runs import Graph, Tally

GRAPHS = 4
OPERATIONS = 63
FIELDS = 8
"""In an operation at most, or nearly: small ones, so that there is time for many."""
DEFERRED = 0.15
"""Of the operations, how many are asked again with parts of them deferred."""


@pytest.mark.parametrize("first", range(0, 8_000, 1_000))
async def test_a_split_graph_answers_as_the_whole_one(first: int) -> None:
    """Four graphs that compose and some sixty operations each: two thousand in all."""
    tally = Tally()
    for seed in range(first, first + 1_000):
        graph = Graph(seed)
        found = await graph.check(OPERATIONS, FIELDS, DEFERRED)
        assert found is None, str(found)
        tally.add(graph.tally)
        if tally.graphs == GRAPHS:
            break
    assert tally.operations == GRAPHS * OPERATIONS
