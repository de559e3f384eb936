"""Transitive reduction: what is waited for anyway need not be waited for twice."""

from router.plan.fetch_graph import FetchGraph, Step
from router.plan.positions import Positions


def drop_implied_waits(graph: FetchGraph, positions: Positions) -> None:
    """Keep only the direct dependencies of each step."""
    bits: dict[Step, int] = {}
    ancestors: dict[Step, int] = {}  # as sets of bits
    for number, step in enumerate(graph.ordered()):
        bits[step] = 1 << number
        implied = direct = 0
        for each in step.after:
            implied |= ancestors[each]
            direct |= bits[each]
        step.after = {each for each in step.after if not bits[each] & implied}
        ancestors[step] = implied | direct
