"""The projection of one plan as Python: a function for each object and each list of the answer.

Each takes a value of the merged data and the state of the answer, a list: what is left of the budget, then for each
condition of the plan whether it holds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from router.execute.budget import Budget
from router.execute.generated.source import Source, Unsuitable, indented
from router.execute.generated.unsure import Unsure, admitted, admitted_value
from router.execute.json import JSONObject
from router.execute.leaves import (
    EnumAdmission,
    admit_anything,
    admit_boolean,
    admit_float,
    admit_id,
    admit_int,
    admit_string,
)
from router.execute.shapes import FieldShape, LeafShape, ListShape, ObjectShape, Shape, applies
from router.plan.nodes import Condition

When: TypeAlias = tuple[tuple[Condition, ...], ...]
Guard: TypeAlias = tuple[frozenset[str] | None, When]

PLAIN: Mapping[Callable[[Any], Any], str] = {
    admit_string: "type({0}) is str",
    admit_id: "type({0}) is str",
    admit_boolean: "type({0}) is bool",
    admit_float: "(type({0}) is float or type({0}) is int)",
    admit_int: "type({0}) is int and -2147483648 <= {0} <= 2147483647",
}
"""Per type of leaf, what holds of a value that is admitted as it is; any other value goes through `admit`."""

ANYWHERE: Guard = (None, ())

_GLOBALS = {"Unsure": Unsure, "admitted": admitted, "admitted_value": admitted_value}


@dataclass(frozen=True, slots=True)
class GeneratedProjection:
    """Projects answers that are in order."""

    complete: Callable[[JSONObject, list[Any]], JSONObject | None]
    conditions: tuple[When, ...]

    @classmethod
    def of(cls, root: ObjectShape) -> "GeneratedProjection":
        """Write and compile the projection.

        Raises:
            Unsuitable: it has too many fields, or some that the caller may not see.
        """
        writer = _Writer()
        name = writer.object(root)
        return cls(writer.source.run()[name], tuple(writer.conditions))

    def project(self, data: JSONObject, variables: Mapping[str, Any], budget: Budget) -> JSONObject | None:
        """The client's data.

        Raises:
            Unsure: something is not in order; nothing has been spent.
        """
        state = [budget.left - 1, *(applies(when, variables) for when in self.conditions)]
        completed = self.complete(data, state)
        if state[0] < 0:
            raise Unsure
        budget.left = state[0]
        return completed


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the functions of shapes, those of inner ones first."""

    source: Source = field(default_factory=lambda: Source(_GLOBALS))
    conditions: dict[When, int] = field(default_factory=dict[When, int])

    def object(self, shape: ObjectShape) -> str:
        is_abstract = shape.type_name not in shape.possible
        fields = shape.fields if is_abstract else shape.of_type(shape.type_name)
        if shape.unseen or any(each.denied for each in fields):
            raise Unsuitable  # where something is denied is put on record, place by place
        guarded = groupby(fields, lambda each: (each.on if is_abstract else None, each.when))
        parts = [(guard, list(run)) for guard, run in guarded]
        body = ["if type(o) is not dict: raise Unsure"]
        if is_abstract:
            body += self._typename(shape)
        if [guard for guard, _ in parts] == [ANYWHERE]:
            names = _names(parts[0][1])
            body += [*self._values(parts[0][1]), f"return {{{', '.join(self._entries(parts[0][1], names))}}}"]
        else:
            body += ["r = {}", *(line for guard, run in parts for line in self._part(guard, run)), "return r"]
        return self.source.function("o, s", body)

    def _typename(self, shape: ObjectShape) -> list[str]:
        """The object's type in `t`, None where the data does not tell it."""
        own = self.source.constant(shape.type_name)
        return [
            f"t = o.get({self.source.constant(shape.typename_key)})",
            "if type(t) is str:",
            f"    if t not in {self.source.constant(shape.possible)}:",
            f"        if t != {own}: return None",
            "        t = None",
            "elif t is not None: raise Unsure",
            *(["if t is None: raise Unsure"] if shape.depends_on_type else []),
        ]

    def _part(self, guard: Guard, fields: Sequence[FieldShape]) -> list[str]:
        """Put fields that apply under the same circumstances into `r`."""
        on, when = guard
        written = zip(fields, _names(fields), strict=True)
        lines = self._values(fields)
        lines += [f"r[{self.source.constant(each.key)}] = {name}" for each, name in written]
        tests = [] if on is None else [f"t in {self.source.constant(on)}"]
        if when:
            tests.append(f"s[{self.conditions.setdefault(when, len(self.conditions) + 1)}]")
        return [f"if {' and '.join(tests)}:", *indented(lines)] if tests else lines

    def _entries(self, fields: Iterable[FieldShape], names: Iterable[str]) -> list[str]:
        return [f"{self.source.constant(each.key)}: {name}" for each, name in zip(fields, names, strict=True)]

    def _values(self, fields: Sequence[FieldShape]) -> list[str]:
        """The fields' values in variables; keys are rarely missing, and so it is tried without asking first."""
        names = _names(fields)
        keys = [self.source.constant(each.source) for each in fields]
        lines = ["try:", *(f"    {name} = o[{key}]" for name, key in zip(names, keys, strict=True))]
        lines += ["except KeyError:", *(f"    {name} = o.get({key})" for name, key in zip(names, keys, strict=True))]
        for each, name in zip(fields, names, strict=True):
            lines += self._value(each, name)
        return lines

    def _value(self, each: FieldShape, name: str) -> list[str]:
        lines: list[str] = []
        if each.default is not None:
            lines.append(f"if {name} is None: {name} = {self.source.constant(each.default)}")
        match each.shape:
            case LeafShape():
                return lines + self._leaf(each.shape, name, nullable=each.nullable)
            case ObjectShape():
                complete = ["s[0] -= 1", f"{name} = {self.object(each.shape)}({name}, s)"]
            case _:
                complete = [f"{name} = {self._list(each.shape)}({name}, s)"]
        if each.nullable:
            return [*lines, f"if {name} is not None:", *indented(complete)]
        return [*lines, *complete, *self._presence(each.shape, name)]

    def _presence(self, shape: Shape, name: str) -> list[str]:
        """An object may turn out to be hidden."""
        return [f"if {name} is None: raise Unsure"] if isinstance(shape, ObjectShape) else []

    def _leaf(self, shape: LeafShape, name: str, *, nullable: bool) -> list[str]:
        plain = self._plain(shape, name)
        if plain is None:
            return [] if nullable else [f"if {name} is None: raise Unsure"]
        admit = self.source.constant(shape.admit)
        if nullable:
            return [f"if not ({plain} or {name} is None): {name} = admitted({admit}, {name})"]
        return [f"if not ({plain}): {name} = admitted_value({admit}, {name})"]

    def _plain(self, shape: LeafShape, name: str) -> str | None:
        """What holds of a value that is admitted as it is; None if that is every value."""
        if isinstance(shape.admit, EnumAdmission):
            return f"type({name}) is str and {name} in {self.source.constant(shape.admit.shown)}"
        if shape.admit is admit_anything:
            return None
        return PLAIN[shape.admit].format(name)

    def _list(self, shape: Shape) -> str:
        assert isinstance(shape, ListShape)  # noqa: S101  # the only other shape
        lines = ["if type(v) is not list: raise Unsure"]
        match shape.of:
            case LeafShape():
                lines += ["s[0] -= len(v)", *self._leaves(shape.of, nullable=shape.nullable)]
            case ObjectShape():
                spent = "len(v) - v.count(None)" if shape.nullable else "len(v)"
                lines += [f"s[0] -= {spent}", "if s[0] < 0: raise Unsure"]
                lines += self._items(self.object(shape.of), nullable=shape.nullable)
            case _:
                lines += self._items(self._list(shape.of), nullable=shape.nullable)
        return self.source.function("v, s", lines)

    def _items(self, complete: str, *, nullable: bool) -> list[str]:
        if nullable:
            return [f"return [None if x is None else {complete}(x, s) for x in v]"]
        return [f"r = [{complete}(x, s) for x in v]", "if None in r: raise Unsure", "return r"]

    def _leaves(self, shape: LeafShape, *, nullable: bool) -> list[str]:
        plain = self._plain(shape, "x")
        if plain is None:
            return ["return v.copy()"] if nullable else ["if None in v: raise Unsure", "return v.copy()"]
        admit = self.source.constant(shape.admit)
        if nullable:
            return [f"return [x if {plain} or x is None else admitted({admit}, x) for x in v]"]
        return [f"return [x if {plain} else admitted_value({admit}, x) for x in v]"]


def _names(fields: Sequence[FieldShape]) -> list[str]:
    return [f"v{number}" for number in range(len(fields))]
