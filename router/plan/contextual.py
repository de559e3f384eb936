"""Contextual arguments of a step: which ancestors give them."""

from collections.abc import Iterator

from router.plan.fetch_graph import Emission, Step
from router.plan.nodes import ContextSource, Each, OnTypes, ResponsePath
from router.plan.positions import Position, Slot, steps_to
from router.plan.selections import ContextSource as Source
from router.plan.selections import SelectedField
from router.supergraph.model import ContextArgument


def contextual_arguments(step: Step) -> Iterator[tuple[Slot, ContextArgument]]:
    """The contextual arguments of the fields that a step asks of its entities."""
    seen: set[tuple[Slot, ContextArgument]] = set()
    for emission in step.selected.emissions.values():
        for argument in _of(emission):
            if (emission.slot, argument) not in seen:
                seen.add((emission.slot, argument))
                yield emission.slot, argument


def _of(emission: Emission) -> tuple[ContextArgument, ...]:
    return () if emission.edge is None else emission.edge.contexts


def sources_of(slot: Slot, argument: ContextArgument) -> tuple[ContextSource, ...]:
    """Where the value is, relative to the object that has the field."""
    below = slot.position.path()
    found: list[ContextSource] = []
    for source in slot.field.contexts[argument]:
        ancestor = ancestor_of(slot, source)
        types = None if source.types is None else OnTypes(source.types, ancestor.typename_key)
        found.append(ContextSource(len(below) - len(ancestor.path()), types, _path(ancestor, source.fields)))
    return tuple(found)


def ancestor_of(slot: Slot, source: Source) -> Position:
    """The position of the ancestor that a source speaks of."""
    position = slot.position
    for _ in range(source.levels):
        if position.parent is not None:
            position = position.parent
    return position


def slots_of(position: Position, fields: tuple[SelectedField, ...]) -> Iterator[Slot]:
    """The slots of the fields, each below the one before."""
    for field in fields:
        slot = position.by_field[id(field)]
        yield slot
        if slot.child is not None:
            position = slot.child


def _path(position: Position, fields: tuple[SelectedField, ...]) -> ResponsePath:
    """Without the types of the ancestor itself; a list on the way is no step."""
    steps = [step for slot in slots_of(position, fields) for step in steps_to(slot) if not isinstance(step, Each)]
    return tuple(steps[1:] if isinstance(steps[0], OnTypes) else steps)
