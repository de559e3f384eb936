"""What kinds of values settings are made of, read from the annotations of frozen dataclasses."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

UNCONFIGURED: Final = {"configured": False}
"""The metadata of a field that a program gives and no configuration can."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a dataclass.

    Attributes:
        kind: its annotation.
        secret: it is never printed, as its dataclass does not either (`repr=False`).
    """

    name: str
    kind: Any
    secret: bool
    field: Field[Any]

    @property
    def is_required(self) -> bool:
        return self.field.default is MISSING and self.field.default_factory is MISSING

    @property
    def default(self) -> Any:
        """What holds if nothing is said."""
        made: Any = self.field.default_factory
        return self.field.default if made is MISSING else made()


@cache
def settings_of(kind: type) -> Mapping[str, Setting]:
    """The settings of a dataclass, by their names."""
    hints = get_type_hints(kind)
    return {
        each.name: Setting(each.name, hints[each.name], not each.repr, each)
        for each in fields(kind)
        if each.init and each.metadata.get("configured", True)
    }


def is_settings(kind: Any) -> bool:
    return isinstance(kind, type) and is_dataclass(kind)


def optional(kind: Any) -> tuple[Any, bool]:
    """A kind without None, and whether None was part of it."""
    if get_origin(kind) not in {Union, types.UnionType}:
        return kind, False
    rest = tuple(each for each in get_args(kind) if each is not types.NoneType)
    with_none = len(rest) < len(get_args(kind))
    return (rest[0] if len(rest) == 1 else Union[rest]), with_none  # noqa: UP007  # made at run time


def choices(kind: Any) -> Mapping[str, type] | None:
    """The dataclasses of a union, by the keys that tell them apart; None where the kind is no such union."""
    if get_origin(kind) not in {Union, types.UnionType}:
        return None
    return {each.__name__.lower(): each for each in get_args(kind)}


def item_kind(kind: Any) -> Any | None:
    """Of what a tuple of any length consists; None where the kind is no tuple."""
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def value_kind(kind: Any) -> Any | None:
    """Of what the values of a mapping are; None where the kind is no mapping."""
    origin = get_origin(kind)
    return get_args(kind)[1] if isinstance(origin, type) and issubclass(origin, Mapping) else None


def is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


NAMES: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
}


def name_of(kind: Any) -> str:
    """A kind in words."""
    kind, nullable = optional(kind)
    return f"{_name_of(kind)} or null" if nullable else _name_of(kind)


def _name_of(kind: Any) -> str:
    if kind in NAMES:
        return NAMES[kind]
    if is_enum(kind):
        return " or ".join(str(each.value) for each in kind)
    if (item := item_kind(kind)) is not None:
        return f"a list, each {name_of(item)}"
    if (value := value_kind(kind)) is not None:
        return f"names with {name_of(value)} each"
    if (classes := choices(kind)) is not None:
        return f"one of {', '.join(classes)}, with its keys"
    return "keys with their values"
