"""Random graphs, split into subgraphs and answered by the router, against the same graphs in one piece: `make fuzz`.

A hundred thousand operations over two thousand graphs; `MONOLITH_SEED` is the first graph and `MONOLITH_GRAPHS`
how many there are, for another or a shorter run.
"""

import os
import sys
import time

import pytest

from tests.conformance.monolith.runs import Graph, Tally

FIRST = int(os.environ.get("MONOLITH_SEED", "100000"))
GRAPHS = int(os.environ.get("MONOLITH_GRAPHS", "2000"))
OPERATIONS = 50
SHARES = 20
ROOM = 1_000_000
"""Seeds of a share: some graphs do not compose, and others take their place."""


@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("share", range(SHARES))
async def test_a_split_graph_answers_as_the_whole_one(share: int) -> None:
    """Up to the first difference, which is printed with its seed, made as small as it gets."""
    tally, began, seed = Tally(), time.monotonic(), FIRST + share * ROOM
    while tally.graphs < GRAPHS // SHARES:
        graph = Graph(seed)
        found = await graph.check(OPERATIONS)
        if found is not None:
            pytest.fail(f"{found}\nmade smaller:\n{await graph.shrink(found)}")
        tally.add(graph.tally)
        seed += 1
        if seed % 20 == 0:
            sys.stderr.write(f"share {share}: {tally}, {time.monotonic() - began:.0f} s\n")
    assert tally.operations == tally.graphs * OPERATIONS
