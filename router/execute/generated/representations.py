"""Describing the objects of one group of entities, as Python: one loop over them, each told apart by its own values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from router.execute.budget import Budget
from router.execute.generated import walking
from router.execute.generated.source import Source, Unsuitable, indented
from router.execute.generated.walking import write_walk
from router.execute.json import JSONObject
from router.execute.representations import EntityBatch, Incomplete, RepresentationBuilder, nested
from router.plan.nodes import Representation, RepresentationField

Described: TypeAlias = tuple[list[JSONObject], list[list[JSONObject]], int]


def told_apart(value: Any) -> Any:
    """Something to tell a value apart by where Python finds different values equal or cannot compare them.

    Strings and whole numbers stand for themselves, and so does null; everything else is told apart as it is written.
    """
    if value is None or type(value) is str or type(value) is int:
        return value
    return orjson.dumps(value, default=repr, option=orjson.OPT_NON_STR_KEYS)


_GLOBALS = {**walking.GLOBALS, "told_apart": told_apart, "nested": nested, "Incomplete": (KeyError, Incomplete)}


@dataclass(frozen=True, slots=True)
class GeneratedDescriptions:
    """Describes objects that are in order."""

    describe: Callable[[JSONObject, int], Described]

    @classmethod
    def of(cls, builder: RepresentationBuilder) -> "GeneratedDescriptions":
        """Write and compile what a builder does.

        Raises:
            Unsuitable: it would not do it faster.
        """
        writer = _Writer()
        name = writer.group(builder)
        return cls(writer.source.run()[name])

    def collect(self, data: JSONObject, budget: Budget) -> EntityBatch:
        """Describe every object that the paths lead to.

        Raises:
            Unsure: there are more than `budget` has left, or values of an unusual kind; nothing has been spent.
        """
        representations, targets, budget.left = self.describe(data, budget.left)
        return EntityBatch(representations, targets)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the function of one group.

    Attributes:
        seen: variables for what is known, by the fields of a representation: objects described alike are sent once.
    """

    source: Source = field(default_factory=lambda: Source(_GLOBALS))
    seen: dict[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])

    def group(self, builder: RepresentationBuilder) -> str:
        described = self._objects(builder.by_type)
        lines = ["reps = []", "targets = []", *(f"{name} = {{}}" for name in self.seen.values())]
        for path in builder.paths:
            lines += [
                f"found = {write_walk(self.source, path)}(data, left)",
                "left -= len(found)",
                "if left < 0: raise Unsure",
                "for o in found:",
                *indented(described),
            ]
        return self.source.function("data, left", [*lines, "return reps, targets, left"])

    def _objects(self, by_type: Mapping[str, Mapping[str, Representation]]) -> list[str]:
        """What to do with an object in `o`."""
        lines: list[str] = []
        for typename_key, shapes in by_type.items():
            lines.append(f"t = o.get({self.source.constant(typename_key)})")
            types: dict[int, tuple[Representation, list[str]]] = {}
            for typename, shape in shapes.items():
                types.setdefault(id(shape), (shape, []))[1].append(typename)
            for shape, names in types.values():
                lines += [f"if {self._is_one_of(names)}:", *indented([*self._describe(shape, names), "continue"])]
        return lines

    def _is_one_of(self, types: Sequence[str]) -> str:
        if len(types) == 1:
            return f"t == {self.source.constant(types[0])}"
        return f"type(t) is str and t in {self.source.constant(frozenset(types))}"

    def _describe(self, shape: Representation, types: Sequence[str]) -> list[str]:
        """Put the object with those that are described alike, or begin with it."""
        if any(each.on is not None for each in shape.fields):
            raise Unsuitable
        names = [f"v{number}" for number in range(len(shape.fields))]
        seen = self.seen.setdefault(tuple(each.name for each in shape.fields), f"seen{len(self.seen)}")
        typename = (
            "t" if shape.typename is None and len(types) > 1 else self.source.constant(shape.typename or types[0])
        )
        entries = [f"{self.source.constant(each.name)}: {name}" for each, name in zip(shape.fields, names, strict=True)]
        return [
            *self._values(shape.fields, names),
            f"k = ({typename}, {''.join(f'{_identity(name)}, ' for name in names)})",
            f"known = {seen}.get(k)",
            "if known is None:",
            f"    {seen}[k] = known = []",
            "    targets.append(known)",
            f"    reps.append({{'__typename': {', '.join([typename, *entries])}}})",
            "known.append(o)",
        ]

    def _values(self, fields: Sequence[RepresentationField], names: Sequence[str]) -> list[str]:
        """The values in variables; an object that lacks one is passed over."""
        lines: list[str] = []
        for each, name in zip(fields, names, strict=True):
            key = self.source.constant(each.key)
            value = f"o.get({key})" if each.is_optional else f"o[{key}]"
            if each.selections:
                value = f"nested({value}, {self.source.constant(each)})"
            lines.append(f"{name} = {value}")
        nulls = [f"{name} is None" for each, name in zip(fields, names, strict=True) if each.is_key]
        reads = ["try:", *indented(lines), "except Incomplete: continue"] if lines else []
        return [*reads, f"if {' or '.join(nulls)}: continue"] if nulls else reads


def _identity(name: str) -> str:
    return f"{name} if type({name}) is str or type({name}) is int else told_apart({name})"
