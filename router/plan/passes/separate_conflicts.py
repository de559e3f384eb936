"""Reserved aliases where one response key would have two types in a request.

Objects of different types may use a response key for different fields, but only if the fields' types are alike in the
subgraph; merged over several subgraphs they may have looked alike to the client only.

Source: https://spec.graphql.org/draft/#SameResponseShape()
"""

from collections.abc import Sequence

from router.federation.type_ref import ListOf, NonNull, TypeRef
from router.plan.fetch_graph import Emission, FetchGraph, Selected
from router.plan.positions import Positions, Slot


def separate_conflicts(graph: FetchGraph, positions: Positions) -> None:
    """Rename slots until no response key of any step is ambiguous."""
    for step in graph.steps:
        while (slot := _conflict([step.selected])) is not None:
            positions.rename(slot)


def _conflict(selected: Sequence[Selected]) -> Slot | None:
    """A slot whose key means something else elsewhere in selections that are merged; None if all is well."""
    by_key: dict[str, list[Emission]] = {}
    for each in selected:
        for (condition, _), emission in each.emissions.items():
            if _spreads(emission, each, condition):
                return emission.slot
            by_key.setdefault(emission.slot.key, []).append(emission)
    for emissions in by_key.values():
        first = emissions[0]
        for other in emissions[1:]:
            if other.slot is not first.slot and shape_of(other) != shape_of(first):
                return other.slot
        below = [each.below for each in emissions if each.below is not None]
        found = _conflict(below) if below else None
        if found is not None:
            return found
    return None


def _spreads(emission: Emission, selected: Selected, condition: str | None) -> bool:
    """Whether the field reaches objects of other types, for which its key means another field.

    An interface object cannot tell the types apart: what it is asked for one of them it gives for all. And objects of
    unknown type are asked for their type as what their interface is.
    """
    slot = emission.slot
    if slot.on is None:
        return False
    if emission.edge is None:
        asked = condition if condition is not None or selected.node is None else selected.node.type_name
        reaches = asked not in slot.on
    else:
        reaches = emission.edge.source.is_interface_object
    return reaches and any(other.key == slot.key and not other.is_same(slot) for other in slot.position.slots)


def shape_of(emission: Emission) -> str:
    """The type in the subgraph; of composite types only the wrapping matters."""
    if emission.edge is None:
        return "String!"
    return _wrapping(emission.edge.type) if emission.edge.child is not None else str(emission.edge.type)


def _wrapping(ref: TypeRef) -> str:
    match ref:
        case NonNull(of):
            return f"{_wrapping(of)}!"
        case ListOf(of):
            return f"[{_wrapping(of)}]"
        case _:
            return ""
