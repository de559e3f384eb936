"""Formats of tags: text with values of an entity's key, or of a field's arguments, in it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#cachetag
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

_VALUE: Final = re.compile(r"\{\$(args|key)((?:\.[_A-Za-z][_0-9A-Za-z]*)+)\}")

LONGEST_TAG: Final = 500
"""Characters."""


class InvalidFormat(ValueError):
    """A format that says nothing that could be."""


class NoTag(Exception):
    """A value that a tag is made of is not there, or is none that could stand in a tag."""


@dataclass(frozen=True, slots=True)
class TagFormat:
    """A format, cut into the texts and the values between them.

    Attributes:
        texts: one more than there are values.
        values: the names on the way to each.
        source: `key` or `args`; None if there are no values.
    """

    texts: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    source: str | None

    @classmethod
    def parse(cls, text: str) -> "TagFormat":
        """Read a format.

        Raises:
            InvalidFormat: it is none, or has values of keys and of arguments.
        """
        parts = _VALUE.split(text)
        texts, sources, values = parts[::3], set(parts[1::3]), parts[2::3]
        if any("{" in each or "}" in each for each in texts):
            raise InvalidFormat(f"{text!r} is no format of tags; one is product-{{$key.id}}.")
        if len(sources) > 1:
            raise InvalidFormat(f"The format {text!r} has values of a key and of arguments.")
        paths = tuple(tuple(each.split(".")[1:]) for each in values)
        return cls(tuple(texts), paths, sources.pop() if sources else None)

    def tag(self, values: Mapping[str, Any]) -> str:
        """The tag, for the fields of a key or the arguments of a field.

        Raises:
            NoTag: a value is not there, or the tag is too long.
        """
        made = self.texts[0]
        for path, text in zip(self.values, self.texts[1:], strict=True):
            made += _text(values, path) + text
        if len(made) > LONGEST_TAG:
            raise NoTag
        return made


def tags_of(formats: Sequence[TagFormat], values: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of all formats.

    Raises:
        NoTag: one of them cannot be made: whoever invalidates by it would not reach what is kept.
    """
    return tuple(each.tag(values) for each in formats)


def _text(values: Mapping[str, Any], path: Sequence[str]) -> str:
    value: Any = values
    for name in path:
        if not isinstance(value, Mapping):
            raise NoTag
        value = cast("Mapping[str, Any]", value).get(name)
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            raise NoTag
