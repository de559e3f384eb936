"""A field selected of all objects is not selected of some of them again, where the subgraph has it in another type.

In `{ item { id ... on Book { id } } }` the two are one field for the client and have one key, but the subgraph may say
`ID` for the interface and `ID!` for the book: no document may ask for both. Entities of unknown type are asked for as
their interface, beside those that are known to be books: there `... on Item` is what is selected of all.
"""

from router.plan.conditions import either
from router.plan.fetch_graph import Emission, FetchGraph, Selected
from router.plan.passes.separate_conflicts import shape_of
from router.plan.positions import Positions, Slot


def select_once(graph: FetchGraph, positions: Positions) -> None:
    """Leave such selections out of all steps."""
    for step in graph.steps:
        _select_once(step.selected)


def _select_once(selected: Selected) -> None:
    for (condition, slot), emission in list(selected.emissions.items()):
        whole = None if condition is None else _whole(selected, condition, slot)
        if whole is not None and shape_of(whole) != shape_of(emission):
            _take_over(whole, emission)
            del selected.emissions[condition, slot]
    for emission in selected.emissions.values():
        if emission.below is not None:
            _select_once(emission.below)


def _whole(selected: Selected, condition: str, slot: Slot) -> Emission | None:
    """The selection of a field that objects of a type are among."""
    of_all = selected.emissions.get((None, slot))
    if of_all is not None:
        return of_all
    for (other, same), emission in selected.emissions.items():
        if same is slot and other != condition and emission.edge is not None:
            source = emission.edge.source
            if source.type_name == other and not source.is_interface_object and condition in source.possible:
                return emission
    return None


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
