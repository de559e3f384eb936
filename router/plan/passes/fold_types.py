"""Fields selected alike of every runtime type are selected of the interface.

`item { ... on Book { id } ... on Film { id } }` is `item { id }` where books and films are all there is.
"""

from router.plan.fetch_graph import Emission, FetchGraph, Selected
from router.plan.positions import Positions, Slot
from router.plan.reach import edge_of


def fold_types(graph: FetchGraph, positions: Positions) -> None:
    """Fold all selections of all steps."""
    for step in graph.steps:
        _fold(step.selected)


def _fold(selected: Selected) -> None:
    by_slot: dict[Slot, dict[str, Emission]] = {}
    for (condition, slot), emission in selected.emissions.items():
        if emission.below is not None:
            _fold(emission.below)
        elif condition is not None and selected.node is not None:
            by_slot.setdefault(slot, {})[condition] = emission
    for slot, emissions in by_slot.items():
        _fold_slot(selected, slot, emissions)


def _fold_slot(selected: Selected, slot: Slot, emissions: dict[str, Emission]) -> None:
    node = selected.node
    first = next(iter(emissions.values()))
    if node is None or len(emissions) == 1 or emissions.keys() != node.possible:
        return
    edge = edge_of(node, slot.field.name)
    if edge is not None and edge.is_free and all(each.when == first.when for each in emissions.values()):
        for condition in emissions:
            del selected.emissions[condition, slot]
        selected.add(None, slot, edge, first.when)
