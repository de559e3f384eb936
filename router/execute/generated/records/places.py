"""Which objects a plan's answer is made of, and which fetch brings which of their keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import FieldNode

from router.execute.generated.source import Unsuitable
from router.execute.shapes import FieldShape, ListShape, ObjectShape, Shape, applies
from router.plan.nodes import Each, Key, OnTypes, ResponsePath

TYPENAME = "__typename"


class Provider(NamedTuple):
    """Who brings a key: a group of a fetch, or the fetch itself."""

    fetch: int
    group: int = -1


@dataclass(slots=True)
class Slot:
    """One key of a place.

    Attributes:
        shown: what the client gets to see of it; None for nothing.
        inner: where its objects are.
        is_typename: it says of which type the object is.
        providers: one, or any number of a `__typename`; of a leaf, one for each type of the object.
    """

    key: str
    shown: FieldShape | None = None
    inner: "Place | None" = None
    is_typename: bool = False
    providers: set[Provider] = field(default_factory=set[Provider])

    def applies_to(self, type_name: str) -> bool:
        """Whether the client sees it of objects of a type."""
        return self.shown is not None and (self.shown.on is None or type_name in self.shown.on)


@dataclass(slots=True)
class Place:
    """One place of the merged data, where objects may be of one type or of several.

    Attributes:
        types: of the objects.
        is_abstract: the objects themselves have to say of which type they are.
        typename_key: where they do.
        slots: by key; the client's first, in its order.
        creator: who brings the objects; nobody brings the root.
    """

    types: tuple[str, ...]
    is_abstract: bool
    typename_key: str
    slots: dict[str, Slot] = field(default_factory=dict[str, Slot])
    creator: Provider | None = None

    @classmethod
    def of(cls, shape: ObjectShape, variables: Mapping[str, Any]) -> "Place":
        """The place that a shape describes, for variables that conditions depend on.

        Raises:
            Unsuitable: a key means different things, or what is there depends on more than types.
        """
        if shape.deferred or shape.unseen:
            raise Unsuitable
        is_abstract = shape.type_name not in shape.possible
        types = tuple(sorted(shape.possible)) if is_abstract else (shape.type_name,)
        place = cls(types, is_abstract, shape.typename_key)
        for each in shape.fields if is_abstract else shape.of_type(place.types[0]):
            if not applies(each.when, variables):
                continue
            if each.key != each.source or each.key in place.slots:
                raise Unsuitable
            is_typename = each.name.rpartition(".")[2] == TYPENAME
            place.slots[each.key] = Slot(each.key, each, _inner(each.shape, variables), is_typename)
        return place

    def at(self, path: ResponsePath) -> "Place":
        """The place that a path leads to.

        Raises:
            Unsuitable: the client sees nothing there, or nothing can be there.
        """
        place = self
        for step in path:
            match step:
                case Key(name):
                    slot = place.slots.get(name)
                    if slot is None or slot.inner is None:
                        raise Unsuitable
                    place = slot.inner
                case OnTypes(types):
                    if types.isdisjoint(place.types):
                        raise Unsuitable
                case Each():
                    pass
        return place

    def provide(self, node: FieldNode, provider: Provider) -> None:
        """Take note of who brings a key.

        Raises:
            Unsuitable: somebody else does, too.
        """
        key = (node.alias or node.name).value
        is_typename = node.name.value == TYPENAME
        slot = self.slots.setdefault(key, Slot(key, is_typename=is_typename))
        slot.providers.add(provider)
        if slot.is_typename != is_typename:
            raise Unsuitable
        may_be_several = is_typename or (self.is_abstract and node.selection_set is None)
        if len(slot.providers) > 1 and not may_be_several:
            raise Unsuitable

    def provided(self, provider: Provider) -> list[Slot]:
        """The keys that somebody brings."""
        return [each for each in self.slots.values() if provider in each.providers]

    def is_surely_there(self, slot: Slot) -> bool:
        """Whether there is no object without it once its creator has brought the object."""
        return self.creator in slot.providers and (slot.is_typename or not self.is_abstract)

    def least_bytes(self, provider: Provider) -> int:
        """How many bytes, at least, of a response hold one thing that counts, or 0 if nothing in it does.

        What counts are the objects that `provider` brings below those of this place, and items of lists of leaves.
        """
        return min(self._bytes(provider), default=0)

    def _bytes(self, provider: Provider) -> Iterator[int]:
        for slot in self.provided(provider):
            if slot.inner is not None:
                brought = [each for each in slot.inner.provided(provider) if slot.inner.is_surely_there(each)]
                yield 1 + sum(len('"":0,') + len(each.key) for each in brought)
                yield from slot.inner._bytes(provider)  # noqa: SLF001  # of the same class
            elif slot.shown is None or isinstance(slot.shown.shape, ListShape):
                yield len("0,")


def _inner(shape: Shape, variables: Mapping[str, Any]) -> Place | None:
    while isinstance(shape, ListShape):
        shape = shape.of
    return Place.of(shape, variables) if isinstance(shape, ObjectShape) else None
