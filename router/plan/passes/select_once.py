"""A field selected of all objects is not selected of some of them again, where the subgraph has it in another type.

In `{ item { id ... on Book { id } } }` the two are one field for the client and have one key, but the subgraph may say
`ID` for the interface and `ID!` for the book: no document may ask for both.
"""

from router.plan.conditions import either
from router.plan.fetch_graph import Emission, FetchGraph, Selected
from router.plan.passes.separate_conflicts import shape_of
from router.plan.positions import Positions


def select_once(graph: FetchGraph, positions: Positions) -> None:
    """Leave such selections out of all steps."""
    for step in graph.steps:
        _select_once(step.selected)


def _select_once(selected: Selected) -> None:
    for (condition, slot), emission in list(selected.emissions.items()):
        whole = selected.emissions.get((None, slot))
        if condition is not None and whole is not None and shape_of(whole) != shape_of(emission):
            _take_over(whole, emission)
            del selected.emissions[condition, slot]
    for emission in selected.emissions.values():
        if emission.below is not None:
            _select_once(emission.below)


def _take_over(whole: Emission, part: Emission) -> None:
    """Let the selection of all objects stand for that of some, and for what is below it."""
    whole.when = either(whole.when, part.when)
    if whole.below is None or part.below is None or part.below.node is None:
        return
    inner = part.below.node.type_name
    same = whole.below.node is not None and whole.below.node.type_name == inner
    for (condition, slot), below in part.below.emissions.items():
        key = (inner if condition is None and not same else condition, slot)
        known = whole.below.emissions.setdefault(key, below)
        if known is not below:
            _take_over(known, below)
