"""What a visit can be sent of its objects, beside what it is sent already."""

from router.plan.selections import Selection
from router.plan.solution import Entry, Visit
from router.supergraph.graph import Node


def conflicts(visit: Visit, entry: Entry) -> bool:
    """Whether the visit's objects are sent with other values for the same field: its arguments differ."""
    if entry.selection is None:
        return False
    return any(
        other.type_name == entry.type_name and other.selection is not None and clash(other.selection, entry.selection)
        for other in visit.entries
    )


def is_entered_as_another(visit: Visit, type_name: str, target: Node) -> bool:
    """Whether the visit describes objects of that type as another interface object: each has one description."""
    return any(
        each.type_name == type_name and each.edge is not None and each.edge.target is not target
        for each in visit.entries
    )


def asks_alike(visit: Visit, type_name: str, target: Node, required: Selection | None) -> bool:
    """Whether objects of that type can be described beside those of others, with what a field requires, if any.

    What an interface object is asked for some of its objects it gives for all: all must bring what that requires.
    """
    if not target.is_interface_object:
        return True
    others = {each.type_name for each in visit.entries if each.edge is not None} - {type_name}
    sent = {other: {each.selection for each in visit.entries if _requires(each, other)} for other in others}
    own = {each.selection for each in visit.entries if _requires(each, type_name)} | ({required} - {None})
    return all(each == own for each in sent.values())


def _requires(entry: Entry, type_name: str) -> bool:
    return entry.type_name == type_name and entry.edge is None


def clash(left: Selection, right: Selection) -> bool:
    """Whether two selections give different meanings to one field of a representation."""
    if left is right:
        return False
    known = {each.name: each for each in left.fields}
    for field in right.fields:
        other = known.get(field.name)
        if other is not None and (
            other.signature != field.signature
            or (other.selection is not None and field.selection is not None and clash(other.selection, field.selection))
        ):
            return True
    return False
