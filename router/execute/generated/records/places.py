"""Which objects a plan's answer is made of, and which fetch brings which of their keys."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    FieldNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    parse,
)

from router.execute.generated.source import Unsuitable
from router.execute.shapes import FieldShape, ListShape, ObjectShape, Shape
from router.plan.nodes import Each, Key, OnTypes, QueryPlan, ResponsePath

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
        providers: one, or for a constant any number.
        constant: the only value, which the type of the place decides.
    """

    key: str
    shown: FieldShape | None = None
    inner: "Place | None" = None
    constant: str | None = None
    providers: set[Provider] = field(default_factory=set[Provider])


@dataclass(slots=True)
class Place:
    """One place of the merged data whose objects are all of one type.

    Attributes:
        slots: by key; the client's first, in its order.
        creator: who brings the objects; nobody brings the root.
    """

    type_name: str
    slots: dict[str, Slot] = field(default_factory=dict[str, Slot])
    creator: Provider | None = None

    @classmethod
    def of(cls, shape: ObjectShape) -> "Place":
        """The place that a shape describes.

        Raises:
            Unsuitable: its objects may be of several types, or their fields depend on more than that.
        """
        if shape.type_name not in shape.possible or shape.deferred or shape.unseen:
            raise Unsuitable
        place = cls(shape.type_name)
        for each in shape.of_type(shape.type_name):
            if each.when or each.key != each.source or each.key in place.slots:
                raise Unsuitable
            place.slots[each.key] = Slot(each.key, each, _inner(each.shape), each.default)
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
                    if place.type_name not in types:
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
        constant = self.type_name if node.name.value == TYPENAME else None
        slot = self.slots.setdefault(key, Slot(key, constant=constant))
        slot.providers.add(provider)
        if slot.constant != constant or (constant is None and len(slot.providers) > 1):
            raise Unsuitable

    def provided(self, provider: Provider) -> list[Slot]:
        """The keys that somebody brings."""
        return [each for each in self.slots.values() if provider in each.providers]

    def least_bytes(self, provider: Provider) -> int:
        """How many bytes, at least, of a response hold one thing that counts, or 0 if nothing in it does.

        What counts are the objects that `provider` brings below those of this place, and items of lists of leaves.
        """
        return min(self._bytes(provider), default=0)

    def _bytes(self, provider: Provider) -> Iterator[int]:
        for slot in self.provided(provider):
            if slot.inner is not None:
                brought = slot.inner.provided(provider)
                yield 1 + sum(len('"":0,') + len(each.key) for each in brought)
                yield from slot.inner._bytes(provider)  # noqa: SLF001  # of the same class
            elif slot.shown is None or isinstance(slot.shown.shape, ListShape):
                yield len("0,")


def places_of(plan: QueryPlan, root: ObjectShape) -> Place:
    """The places of a plan, each of their keys with the fetch that brings it.

    Raises:
        Unsuitable: objects are of several types, or meet in one place.
    """
    if plan.introspection is not None or plan.deferred:
        raise Unsuitable
    place = Place.of(root)
    for fetch in plan.fetches:
        if fetch.when or fetch.path:
            raise Unsuitable
        if not fetch.entities:
            _read(_selections(fetch.text), [place], Provider(fetch.id))
        for number, group in enumerate(fetch.entities):
            if group.when or group.contexts:
                raise Unsuitable
            _read(_selections(group.text), [place.at(each) for each in group.paths], Provider(fetch.id, number))
    _check(place)
    return place


def _selections(text: str) -> Sequence[SelectionNode]:
    try:
        (operation,) = parse(text, no_location=True).definitions
    except (GraphQLSyntaxError, ValueError) as error:
        raise Unsuitable from error
    if not isinstance(operation, OperationDefinitionNode):
        raise Unsuitable
    return operation.selection_set.selections


def _read(selections: Iterable[SelectionNode], places: Sequence[Place], provider: Provider) -> None:
    for node in selections:
        if node.directives:
            raise Unsuitable
        match node:
            case FieldNode():
                _read_field(node, places, provider)
            case InlineFragmentNode(type_condition=condition, selection_set=nested):
                if condition is not None and any(condition.name.value != each.type_name for each in places):
                    raise Unsuitable
                _read(nested.selections, places, provider)
            case _:
                raise Unsuitable


def _read_field(node: FieldNode, places: Sequence[Place], provider: Provider) -> None:
    for each in places:
        each.provide(node, provider)
    if node.selection_set is None:
        return
    key = (node.alias or node.name).value
    inner = [slot.inner for each in places if (slot := each.slots[key]) and slot.inner is not None]
    if inner and len(inner) != len(places):
        raise Unsuitable
    if inner:
        for each in inner:
            each.creator = provider
        _read(node.selection_set.selections, inner, provider)


def _check(place: Place) -> None:
    """Somebody has to bring what the client sees."""
    for each in place.slots.values():
        if not each.providers and each.constant is None:
            raise Unsuitable
        if each.inner is not None:
            _check(each.inner)


def _inner(shape: Shape) -> Place | None:
    while isinstance(shape, ListShape):
        shape = shape.of
    return Place.of(shape) if isinstance(shape, ObjectShape) else None
