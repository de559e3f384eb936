"""A fetch for objects below some runtime types only waits for the fetch that tells the types.

Usually that is the one that brings the objects. An interface object's subgraph does not know what they are: another
one tells, and meanwhile nothing below a type condition can be looked up. The first answer waits for nothing that is
deferred, and no part of what is deferred for another one.
"""

from collections.abc import Iterator

from router.plan.fetch_graph import FetchGraph, Step
from router.plan.passes.await_contexts import filled
from router.plan.positions import Position, Positions, Slot
from router.plan.selections import TYPENAME


def await_types(graph: FetchGraph, positions: Positions) -> None:
    """Add what the steps have to wait for."""
    providers: dict[Slot, list[Step]] = {}
    for step in graph.steps:
        for slot in filled(step.selected):
            if slot.field.name == TYPENAME:
                providers.setdefault(slot, []).append(step)
    for step in graph.steps:
        for slot in _typenames(step.position):
            telling = [each for each in providers.get(slot, ()) if each.part in {0, step.part}]
            if step.ancestors().isdisjoint(telling):
                step.after.update(each for each in telling if each is not step and step not in each.ancestors())


def _typenames(position: Position) -> Iterator[Slot]:
    """Where the runtime types are that the way to a position depends on."""
    while position.slot is not None:
        slot = position.slot
        position = slot.position
        if slot.on is not None:
            key = position.typename_key
            yield from (each for each in position.slots if each.key == key)
