"""Transitive reduction: what is waited for anyway need not be waited for twice."""

from router.plan.fetch_graph import FetchGraph
from router.plan.positions import Positions


def drop_implied_waits(graph: FetchGraph, positions: Positions) -> None:
    """Keep only the direct dependencies of each step."""
    ancestors = {step: step.ancestors() for step in graph.steps}
    for step in graph.steps:
        implied = {each for other in step.after for each in ancestors[other]}
        step.after -= implied
