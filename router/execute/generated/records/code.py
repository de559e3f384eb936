"""What a plan's fetches do with its records, as Python: describing objects, and setting the fields that come back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import msgspec

from router.execute.generated.records.classes import Classes, Record
from router.execute.generated.records.places import Place, Provider, Slot
from router.execute.generated.records.walking import Walks
from router.execute.generated.representations import told_apart
from router.execute.generated.source import Source, Unsuitable, indented
from router.execute.generated.unsure import Unsure
from router.execute.json import JSONObject
from router.execute.leaves import admit_id, admit_string
from router.execute.representations import RepresentationBuilder, nested
from router.plan.nodes import EntityGroup, Representation, RepresentationField

Found: TypeAlias = dict[int, list[Record]]


class Described(NamedTuple):
    """The objects of one group; `left` is what they leave of the bound."""

    representations: list[JSONObject]
    targets: list[list[Record]]
    left: int


Describe: TypeAlias = Callable[[Record, Found, int], tuple[list[JSONObject], list[list[Record]], int]]
SetFields: TypeAlias = Callable[[Sequence[Record], Sequence[Sequence[Record]]], None]
Hide: TypeAlias = Callable[[Record, Found], None]

GLOBALS: Mapping[str, Any] = {"Unsure": Unsure, "told_apart": told_apart, "nested": nested, "UNSET": msgspec.UNSET}


@dataclass(slots=True)
class Writer:
    """Writes the functions of one plan."""

    source: Source
    classes: Classes
    walks: Walks
    root: Place

    def describe(self, group: EntityGroup) -> str:
        """The function that describes a group's objects; it takes the root, what was found, and a bound.

        It raises `Unsure` where an object cannot be described, or there are more than the bound.

        Raises:
            Unsuitable: what is sent depends on more than the place.
        """
        builder = RepresentationBuilder.of(group.paths, group.representations)
        walks: dict[tuple[str, ...], list[str]] = {}
        places = [self.root.at(path) for path in group.paths]
        shapes = [_shape(builder, each) for each in places]
        alike = len({_kind(shape, place) for shape, place in zip(shapes, places, strict=True)}) == 1
        for path, shape, place in zip(group.paths, shapes, places, strict=True):
            lines = self._described(shape, place, alike=alike)
            walks.setdefault(tuple(lines), []).append(self.walks.write(path))
        body = ["reps = []", "targets = []", "seen = {}"]
        for lines, names in walks.items():
            body += [
                f"for objects in ({''.join(f'{name}(root, found), ' for name in names)}):",
                "    left -= len(objects)",
                "    if left < 0: raise Unsure",
                "    for o in objects:",
                *indented(indented(lines)),
            ]
        return self.source.function("root, found, left", [*body, "return reps, targets, left"])

    def set_fields(self, places: Sequence[Place], provider: Provider) -> str:
        """The function that sets what a group brings in the objects that were described."""
        brought = [each for place in places for each in place.provided(provider)]
        keys = {each.key: None for each in brought if each.constant is None or each.shown is None}
        names = [(f"v{number}", self.classes.attribute(key)) for number, key in enumerate(keys)]
        body = [f"{name} = e.{attribute}" for name, attribute in names]
        body += ["for o in objects:", *(f"    o.{attribute} = {name}" for name, attribute in names)] if names else []
        return self.source.function(
            "entities, targets", ["for e, objects in zip(entities, targets):", *indented(body or ["pass"])]
        )

    def hide(self, places: Mapping[str, Sequence[Slot]]) -> str:
        """The function that takes away what the client did not ask for; `places` are names of walks."""
        body = ["pass"]
        for name, slots in places.items():
            body += [f"for o in {name}(root, found):"]
            body += [f"    o.{self.classes.attribute(each.key)} = UNSET" for each in slots]
        return self.source.function("root, found", body)

    def _described(self, shape: Representation, place: Place, *, alike: bool) -> list[str]:
        """What to do with an object in `o`; `alike`, values alone tell it apart from the others."""
        values: list[str] = []
        tests: list[str] = []
        names = [f"v{number}" for number in range(len(shape.fields))]
        for each, name in zip(shape.fields, names, strict=True):
            values.append(f"{name} = {self._value(each, place)}")
            if each.is_key and _may_be_null(place.slots[each.key]):
                tests.append(f"{name} is None")
            if each.is_optional:
                tests.append(f"{name} is UNSET")
        type_name = repr(shape.typename or place.type_name)
        entries = "".join(f", {each.name!r}: {name}" for each, name in zip(shape.fields, names, strict=True))
        told = [_told(place.slots[each.key], name) for each, name in zip(shape.fields, names, strict=True)]
        if not alike:
            told.insert(0, repr(_kind(shape, place)))
        return [
            *values,
            *([f"if {' or '.join(tests)}: raise Unsure"] if tests else []),
            f"k = {told[0]}" if len(told) == 1 else f"k = ({', '.join(told)})",
            "known = seen.get(k)",
            "if known is None:",
            "    seen[k] = known = [o]",
            "    targets.append(known)",
            f"    reps.append({{'__typename': {type_name}{entries}}})",
            "else: known.append(o)",
        ]

    def _value(self, each: RepresentationField, place: Place) -> str:
        slot = place.slots.get(each.key)
        if slot is None or slot.constant is not None or each.on is not None:
            raise Unsuitable
        value = f"o.{self.classes.attribute(each.key)}"
        if not each.selections:
            return value
        if slot.shown is not None:
            raise Unsuitable  # what is sent would have to be made of records
        return f"nested({value}, {self.source.constant(each)})"


def _shape(builder: RepresentationBuilder, place: Place) -> Representation:
    """How the objects of a place are described."""
    for typename_key, shapes in builder.by_type.items():
        slot = place.slots.get(typename_key)
        if slot is not None and slot.constant is not None and place.creator in slot.providers:
            shape = shapes.get(place.type_name)
            if shape is not None:
                return shape
    raise Unsuitable


def _kind(shape: Representation, place: Place) -> tuple[str, ...]:
    """What objects are sent as: their type and the names of fields."""
    return (shape.typename or place.type_name, *(each.name for each in shape.fields))


def _may_be_null(slot: Slot) -> bool:
    return slot.shown is None or slot.shown.nullable


def _told(slot: Slot, name: str) -> str:
    """Texts tell themselves apart, if all values of the field are such."""
    if slot.shown is not None and getattr(slot.shown.shape, "admit", None) in {admit_id, admit_string}:
        return name
    return f"{name} if type({name}) is str or type({name}) is int else told_apart({name})"
