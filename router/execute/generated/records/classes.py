"""The classes of a plan's records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias, cast

import msgspec

from router.execute.generated.leaf_types import leaf_type
from router.execute.generated.records.places import Place, Provider, Slot
from router.execute.generated.source import Unsuitable
from router.execute.json import JSONObject
from router.execute.shapes import ListShape, Shape

BROUGHT = ()
"""Stands for nothing: there is no record without the field."""

UNASKED: Any = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
"""Admits nothing: what another fetch brings must not come unasked with this one, or it would pass for the other's."""

NOBODY = (None,)
"""Stands for a field that nobody may have brought."""

Record: TypeAlias = Any
"""An object of a class that is made here."""


@dataclass(slots=True)
class Classes:
    """Makes classes, equal ones once: the objects of one response may end up in several places.

    The attribute for a key is the same in all of them.
    """

    _attributes: dict[str, str] = field(default_factory=dict[str, str])
    _known: dict[Any, type] = field(default_factory=dict[Any, type])

    def attribute(self, key: str) -> str:
        """The attribute for a key, which may be any text."""
        return self._attributes.setdefault(key, f"k{len(self._attributes)}")

    def of(self, place: Place) -> type:
        """The class of a place's objects.

        Raises:
            Unsuitable: the decoder has no type for one of the fields.
        """
        fields = [self._field(each, place) for each in place.slots.values()]
        signature = place.types, tuple(fields)
        known = self._known.get(signature)
        if known is None:
            known = self._known[signature] = self._struct(fields)
        return known

    def part(self, places: Sequence[Place], provider: Provider) -> type:
        """The class of what somebody brings of objects that are there already.

        Raises:
            Unsuitable: what it brings is different from place to place.
        """
        types: dict[str, Any] = {}
        for place in places:
            for each in place.provided(provider):
                type_ = self._type(each, place)
                known = types.setdefault(each.key, type_)
                if known is Any:
                    types[each.key] = type_
                elif type_ is not Any and known != type_:
                    raise Unsuitable
        abstract = {each.is_abstract for each in places}
        if len(abstract) > 1:
            raise Unsuitable
        if abstract == {True}:
            return self._struct([(key, type_ | msgspec.UnsetType, NOBODY) for key, type_ in types.items()])
        return self._struct([(key, type_, BROUGHT) for key, type_ in types.items()])

    def data(self, record: Record) -> Any:
        """What the interpreter has in place of a record; a record in several places stays one."""
        return self._data(record, {})

    def _data(self, value: Any, known: dict[int, JSONObject]) -> Any:
        if isinstance(value, list):
            return [self._data(each, known) for each in cast("list[Any]", value)]
        if not isinstance(value, msgspec.Struct):
            return value
        data = known.get(id(value))
        if data is None:
            data = known[id(value)] = JSONObject()
            for name, key in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
                inner = getattr(value, name)
                if inner is not msgspec.UNSET:
                    data[key] = self._data(inner, known)
        return data

    def _field(self, slot: Slot, place: Place) -> tuple[str, Any, Any]:
        """A key, its type, and what stands for it as long as nobody has brought it."""
        type_ = self._type(slot, place)
        if place.is_surely_there(slot):
            return slot.key, type_, BROUGHT
        if slot.is_typename and slot.shown is not None and not place.is_abstract:
            return slot.key, UNASKED, place.types[0]
        given = type_ if place.creator in slot.providers else UNASKED
        return slot.key, given | msgspec.UnsetType, (place.creator, *sorted(slot.providers))

    def _struct(self, fields: Iterable[tuple[str, Any, Any]]) -> type:
        return msgspec.defstruct(
            "Record",
            [
                (self.attribute(key), type_, msgspec.field(name=key, **_default(instead)))
                for key, type_, instead in fields
            ],
            kw_only=True,
            gc=False,
            eq=False,
        )

    def _type(self, slot: Slot, place: Place) -> Any:
        if slot.is_typename:
            return cast("Any", Literal)[place.types]
        if slot.shown is None:
            return Any
        type_ = self._of(slot.shown.shape, slot)
        return type_ | None if slot.shown.nullable else type_

    def _of(self, shape: Shape, slot: Slot) -> Any:
        if isinstance(shape, ListShape):
            item = self._of(shape.of, slot)
            return list[item | None] if shape.nullable else list[item]
        return leaf_type(shape) if slot.inner is None else self.of(slot.inner)


def _default(instead: Any) -> dict[str, Any]:
    if instead == BROUGHT:
        return {}
    return {"default": instead if isinstance(instead, str) else msgspec.UNSET}
