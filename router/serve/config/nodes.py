"""What a configuration says before anybody knows what it means: texts, lists and keys, and where each was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""Texts without quotes that mean nothing. Source: https://yaml.org/spec/1.2.2/#1032-tag-resolution"""


@dataclass(frozen=True, slots=True)
class Text:
    """A value that is no collection; what it means is decided by the key that it stands for.

    Attributes:
        where: a line of the file, a variable of the environment or an option.
        quoted: it is a text, even if it reads like nothing.
        folder: that relative paths start from; None for the working directory.
        problem: why nobody knows what the text is; None if there is nothing wrong with it.
    """

    text: str
    where: str
    quoted: bool = False
    folder: Path | None = None
    problem: str | None = None

    @property
    def is_null(self) -> bool:
        return not self.quoted and self.problem is None and self.text in NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    where: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Values by their names."""

    entries: Mapping[str, "Node"]
    where: str
    places: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where each name stands, if that is another line than its value's."""

    problems: tuple["Problem", ...] = ()
    """What is wrong with the file that the keys are all of, and cannot be told by a value."""


Node: TypeAlias = Text | Items | Keys

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value: names of keys, and numbers in lists."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be."""

    place: Place
    message: str
    where: str

    def __str__(self) -> str:
        name = dotted(self.place)
        return f"{self.where}: {name}: {self.message}" if name else f"{self.where}: {self.message}"


class ConfigurationError(Exception):
    """A configuration that cannot be; its text has a line for each problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def dotted(place: Place) -> str:
    """The way to a value as people write it: `traffic.headers[0].insert`."""
    parts = [f"[{each}]" if isinstance(each, int) else f".{each}" for each in place]
    return "".join(parts).removeprefix(".")


def merged(base: Node, above: Node) -> Node:
    """What holds if both are said: keys beside each other, and otherwise what is said above.

    Keys that are numbers change single items of a list, and that something is switched on changes nothing of how.
    """
    if isinstance(base, Items) and isinstance(above, Keys) and is_numbered(above):
        base = Keys({str(number): each for number, each in enumerate(base.items)}, base.where)
    if isinstance(base, Keys) and isinstance(above, Text) and above.text == "true":
        return base
    if not (isinstance(base, Keys) and isinstance(above, Keys)):
        return above
    entries = dict(base.entries)
    for name, node in above.entries.items():
        entries[name] = merged(entries[name], node) if name in entries else node
    return Keys(entries, base.where, {**base.places, **above.places}, base.problems + above.problems)


def is_numbered(keys: Keys) -> bool:
    """Whether keys stand for the items of a list."""
    return bool(keys.entries) and all(name.isdecimal() for name in keys.entries)


def nested(place: Place, node: Node, where: str) -> Node:
    """The node at a place, and nothing beside it."""
    for name in reversed(place):
        node = Keys({str(name): node}, where)
    return node
