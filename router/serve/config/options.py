"""Options of a command that set keys of the configuration: they say no more than where their value belongs."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from router.serve.config.nodes import Items, Keys, Node, Text, merged, nested

Plain: TypeAlias = "str | Mapping[str, Plain]"
"""What an option's text is read as."""

Read: TypeAlias = Callable[[str], Plain]
"""Reads an option's text.

Raises:
    ValueError: it cannot be; the message says why.
"""


class _Given(NamedTuple):
    place: tuple[str, ...]
    node: Node
    added: bool


class Sets(argparse.Action):
    """Sets the key `key`; a `{}` in it is the name of an option that is `NAME=VALUE`.

    With `added` its values make a list. With `value` the option takes none. With `dashed` the name may be written with
    dashes.
    """

    def __init__(  # as argparse gives them
        self,
        option_strings: Sequence[str],
        dest: str,
        *,
        key: str,
        added: bool = False,
        value: str | None = None,
        read: Read = str,
        dashed: bool = False,
        **others: Any,
    ) -> None:
        if value is not None:
            others["nargs"] = 0
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, **others)
        self._key = tuple(key.split("."))
        self._added = added
        self._value = value
        self._read = read
        self._dashed = dashed

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        text: str = values if self._value is None else self._value
        name, place = option_string or self.option_strings[0], self._key
        if "{}" in place:
            named, separator, text = text.partition("=")
            if not (named and separator):
                raise argparse.ArgumentError(self, f"{named!r} is no NAME=VALUE")
            named = named.replace("-", "_") if self._dashed else named
            place = tuple(named if part == "{}" else part for part in place)
        try:
            node = _node(self._read(text), name)
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from error
        _note(namespace, _Given(place, node, self._added))


class Switch(argparse.BooleanOptionalAction):
    """Sets the key `key` to true, or with `--no-` before its name to false."""

    def __init__(self, option_strings: Sequence[str], dest: str, *, key: str, help: str) -> None:
        given: dict[str, Any] = {"default": argparse.SUPPRESS, "help": help}  # its other overload is deprecated
        super().__init__(option_strings, dest, **given)
        self._key = tuple(key.split("."))

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        name = option_string or self.option_strings[0]
        _note(namespace, _Given(self._key, Text("false" if name.startswith("--no-") else "true", name), added=False))


def given_by(arguments: argparse.Namespace) -> Node:
    """The keys that options have set."""
    found: Node = Keys({}, "the command line")
    for place, node in _folded(getattr(arguments, "given", ())).items():
        found = merged(found, nested(place, node, node.where))
    return found


def _folded(given: Sequence[_Given]) -> Mapping[tuple[str, ...], Node]:
    """Each key once: the last value, or a list of all."""
    found: dict[tuple[str, ...], Node] = {}
    for place, node, added in given:
        before = found.get(place)
        items = before.items if isinstance(before, Items) else ()
        found[place] = Items((*items, node), node.where) if added else node
    return found


def _note(namespace: argparse.Namespace, given: _Given) -> None:
    namespace.given = [*getattr(namespace, "given", ()), given]


def _node(value: Plain, where: str) -> Node:
    if isinstance(value, str):
        return Text(value, where)
    return Keys({name: _node(each, where) for name, each in value.items()}, where)
