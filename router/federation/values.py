"""Constant values of SDL as plain Python, with enum values kept apart from strings."""

from collections.abc import Hashable, Mapping, Sequence
from enum import Enum
from math import isfinite
from typing import Any, Final, TypeAlias, cast

from graphql import (
    BooleanValueNode,
    ConstValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)
from graphql.language.print_string import print_string


class EnumName(str):
    """The name of an enum value, which is no string: `RED`, not `"RED"`."""

    __slots__ = ()


class Missing(Enum):
    """No value at all, which is not null."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING

_LONG = 1000  # digits of a number that no type takes, kept as it is written like one too big for a float
_EXACT = 2**53  # whole floats up to here print as integers without loss

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None


def value_of(node: ValueNode | ConstValueNode) -> Value:  # noqa: PLR0911 - an arm per kind
    """The constant that `node` spells."""
    match node:
        case NullValueNode():
            return None
        case BooleanValueNode(value=value):
            return value
        case IntValueNode(value=value):
            return int(value) if len(value) < _LONG else EnumName(value)
        case FloatValueNode(value=value):
            return float(value) if isfinite(float(value)) else EnumName(value)
        case StringValueNode(value=value):
            return value
        case EnumValueNode(value=value):
            return EnumName(value)
        case ListValueNode(values=values):
            return [value_of(item) for item in values]
        case ObjectValueNode(fields=fields):
            return {field.name.value: value_of(field.value) for field in fields}
        case _:
            return EnumName("$" + cast("Any", node).name.value)


def print_value(value: Value) -> str:  # noqa: PLR0911 - an arm per kind
    """`value` as SDL."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
        case EnumName():
            return str(value)
        case str():
            return print_string(value)
        case list():
            return f"[{', '.join(print_value(item) for item in value)}]"
        case _:
            return f"{{{', '.join(f'{name}: {print_value(item)}' for name, item in value.items())}}}"


def same_value(one: Value | Missing, other: Value | Missing) -> bool:
    """Whether two constants are the same: `1` is `1.0` but not `true`; the order of object fields is free."""
    match one, other:
        case (bool(), _) | (_, bool()):
            return one is other
        case (int() | float(), int() | float()):
            return one == other
        case (EnumName() | str(), EnumName() | str()):
            return isinstance(one, EnumName) == isinstance(other, EnumName) and one == other
        case (list(), list()):
            return _same_items(one, other)
        case (dict(), dict()):
            return _same_fields(one, other)
        case _:
            return one is other


def _same_items(one: Sequence[Value], other: Sequence[Value]) -> bool:
    return len(one) == len(other) and all(map(same_value, one, other))


def _same_fields(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    return one.keys() == other.keys() and all(same_value(value, other[name]) for name, value in one.items())


def identity(value: Value) -> Hashable:
    """What two constants have in common exactly if they are the same."""
    match value:
        case bool() | EnumName():
            return (type(value), value)
        case list():
            return tuple(identity(item) for item in value)
        case dict():
            return frozenset((name, identity(item)) for name, item in value.items())
        case _:
            return value
