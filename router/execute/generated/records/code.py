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

    def describe(self, group: EntityGroup, places: Sequence[Place]) -> str:
        """The function that describes a group's objects; it takes the root, what was found, and a bound.

        It raises `Unsure` where an object cannot be described, or there are more than the bound.

        Raises:
            Unsuitable: what is sent depends on more than the place.
        """
        builder = RepresentationBuilder.of(group.paths, group.representations)
        kinds = {_kind(shape, name) for place in places for shape, names in _shapes(builder, place) for name in names}
        walks: dict[tuple[str, ...], list[str]] = {}
        for path, place in zip(group.paths, places, strict=False):  # or there are none
            lines = self._described(builder, place, alike=len(kinds) == 1)
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
        keys = {each.key: None for each in brought if not each.is_typename or each.shown is None}
        names = [(f"v{number}", self.classes.attribute(key)) for number, key in enumerate(keys)]
        body = [f"{name} = e.{attribute}" for name, attribute in names]
        if any(each.is_abstract for each in places):
            body += [line for name, attribute in names for line in _set_if_there(name, attribute)]
        elif names:
            body += ["for o in objects:", *(f"    o.{attribute} = {name}" for name, attribute in names)]
        return self.source.function(
            "entities, targets", ["for e, objects in zip(entities, targets):", *indented(body or ["pass"])]
        )

    def check(self, places: Mapping[str, Place]) -> str:
        """The function that raises `Unsure` unless objects of several types have the fields of their own type alone.

        `places` are those of such objects, by the names of walks.
        """
        body = ["pass"]
        for name, place in places.items():
            shown = [each for each in place.slots.values() if each.shown is not None]
            alike: dict[tuple[bool, ...], list[str]] = {}
            for type_name in place.types:
                alike.setdefault(tuple(each.applies_to(type_name) for each in shown), []).append(type_name)
            body += [f"for o in {name}(root, found):", f"    t = o.{self.classes.attribute(place.typename_key)}"]
            for applies, types in alike.items():
                tests = [
                    f"o.{self.classes.attribute(each.key)} is {'' if there else 'not '}UNSET"
                    for each, there in zip(shown, applies, strict=True)
                    if not (there and place.is_surely_there(each))
                ]
                if tests:
                    body += [
                        f"    if t in {self.source.constant(frozenset(types))}:",
                        f"        if {' or '.join(tests)}: raise Unsure",
                    ]
        return self.source.function("root, found", body)

    def hide(self, places: Mapping[str, Sequence[Slot]]) -> str:
        """The function that takes away what the client did not ask for; `places` are names of walks."""
        body = ["pass"]
        for name, slots in places.items():
            body += [f"for o in {name}(root, found):"]
            body += [f"    o.{self.classes.attribute(each.key)} = UNSET" for each in slots]
        return self.source.function("root, found", body)

    def _described(self, builder: RepresentationBuilder, place: Place, *, alike: bool) -> list[str]:
        """What to do with an object in `o`; `alike`, values alone tell it apart from the others."""
        shapes = _shapes(builder, place)
        if not place.is_abstract:
            return self._describe(shapes[0][0], place, [repr(place.types[0])], alike=alike)
        lines = [f"t = o.{self.classes.attribute(place.typename_key)}"]
        for shape, types in shapes:
            one = [repr(types[0])] if len(types) == 1 else ["t", *map(repr, types)]
            lines += [
                f"if t in {self.source.constant(frozenset(types))}:",
                *indented([*self._describe(shape, place, one, alike=alike), "continue"]),
            ]
        return lines

    def _describe(self, shape: Representation, place: Place, types: Sequence[str], *, alike: bool) -> list[str]:
        """Put the object with those that are described alike, or begin with it; `types` begin with its own."""
        values: list[str] = []
        tests: list[str] = []
        names = [f"v{number}" for number in range(len(shape.fields))]
        for each, name in zip(shape.fields, names, strict=True):
            values.append(f"{name} = {self._value(each, place)}")
            slot = place.slots[each.key]
            if each.is_key and _may_be_null(slot):
                tests.append(f"{name} is None")
            if each.is_optional or not place.is_surely_there(slot):
                tests.append(f"{name} is UNSET")
        type_name = repr(shape.typename) if shape.typename else types[0]
        entries = "".join(f", {each.name!r}: {name}" for each, name in zip(shape.fields, names, strict=True))
        told = [_told(place.slots[each.key], name) for each, name in zip(shape.fields, names, strict=True)]
        if not alike:
            told = [type_name, repr(tuple(each.name for each in shape.fields)), *told]
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
        if slot is None or slot.is_typename or each.on is not None:
            raise Unsuitable
        value = f"o.{self.classes.attribute(each.key)}"
        if not each.selections:
            return value
        if slot.shown is not None:
            raise Unsuitable  # what is sent would have to be made of records
        return f"nested({value}, {self.source.constant(each)})"


def _shapes(builder: RepresentationBuilder, place: Place) -> list[tuple[Representation, list[str]]]:
    """How the objects of a place are described, and of which types they then are."""
    found: dict[int, tuple[Representation, list[str]]] = {}
    for type_name in place.types:
        shape = _shape(builder, place, type_name)
        if shape is not None:
            found.setdefault(id(shape), (shape, []))[1].append(type_name)
    if not found:
        raise Unsuitable
    return list(found.values())


def _shape(builder: RepresentationBuilder, place: Place, type_name: str) -> Representation | None:
    for typename_key, shapes in builder.by_type.items():
        slot = place.slots.get(typename_key)
        if type_name in shapes and slot is not None and slot.is_typename and place.is_surely_there(slot):
            return shapes[type_name]
    return None


def _kind(shape: Representation, type_name: str) -> tuple[str, ...]:
    """What objects are sent as: their type and the names of fields."""
    return (shape.typename or type_name, *(each.name for each in shape.fields))


def _set_if_there(name: str, attribute: str) -> list[str]:
    """Set what is brought of this type of object; two that bring the same have to be merged."""
    return [
        f"if {name} is not UNSET:",
        "    for o in objects:",
        f"        if o.{attribute} is UNSET: o.{attribute} = {name}",
        f"        elif o.{attribute} is not {name}: raise Unsure",
    ]


def _may_be_null(slot: Slot) -> bool:
    return slot.shown is None or slot.shown.nullable


def _told(slot: Slot, name: str) -> str:
    """Texts tell themselves apart, if all values of the field are such."""
    if slot.shown is not None and getattr(slot.shown.shape, "admit", None) in {admit_id, admit_string}:
        return name
    return f"{name} if type({name}) is str or type({name}) is int else told_apart({name})"
