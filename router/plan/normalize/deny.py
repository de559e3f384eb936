"""Take out what a caller may not see, before anything is planned for it.

What is taken out depends on the object that has a field, never on the way to it: a field selected through an interface
is left for those objects whose field may be seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from router.plan.normalize.collect import Occurrence
from router.plan.selections import TYPENAME
from router.supergraph.access import Denied

Placed: TypeAlias = tuple[int, Occurrence]
"""An occurrence with its place among those of one value."""


@dataclass(slots=True)
class Split:
    """The occurrences of one value.

    Attributes:
        allowed: for the objects whose field may be seen.
        denied: for those whose field may not be seen, without what is selected below it.
        unseen: types of objects that may not be seen at all: there is no field of theirs in either list.
        hidden: response keys of fields that only such objects have.
    """

    unseen: frozenset[str]
    allowed: list[Placed] = field(default_factory=list[Placed])
    denied: list[Placed] = field(default_factory=list[Placed])
    hidden: list[str] = field(default_factory=list[str])

    @property
    def depends_on_type(self) -> bool:
        """Whether the objects' runtime types decide what is seen of them."""
        return bool(self.unseen) or any(each.on is not None for _, each in self.denied)


def split(occurrences: Iterable[Occurrence], possible: frozenset[str], denied: Denied, *, is_root: bool) -> Split:
    """Divide the occurrences.

    Args:
        occurrences: in the client's order.
        possible: runtime types of the value.
        denied: what may not be seen.
        is_root: the value is the root, which is not null even if none of its fields may be seen.
    """
    found = Split(frozenset() if is_root else possible & denied.types)
    everywhere = possible & denied.types if is_root else frozenset[str]()
    for place, each in enumerate(occurrences):
        name = each.node.name.value
        on = possible if each.on is None else each.on
        if name.startswith("__"):
            if name != TYPENAME or each.on is None or on - found.unseen:
                found.allowed.append((place, each))
            continue
        seen = on - found.unseen
        refused = frozenset(type_ for type_ in seen if type_ in everywhere or (type_, name) in denied.fields)
        if not seen:
            found.hidden.append((each.node.alias or each.node.name).value)
        if refused:
            leaf = replace(each.node, selection_set=None)
            found.denied.append((place, each._replace(node=leaf, on=_narrowed(refused, possible))))
        if seen - refused:
            found.allowed.append((place, each._replace(on=_narrowed(seen - refused, possible))))
    return found


def _narrowed(types: frozenset[str], possible: frozenset[str]) -> frozenset[str] | None:
    return None if types == possible else types
