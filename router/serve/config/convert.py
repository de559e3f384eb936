"""From what a configuration says to the settings that it means."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from router.serve.config.kinds import (
    choices,
    is_enum,
    is_settings,
    item_kind,
    name_of,
    optional,
    settings_of,
    value_kind,
)
from router.serve.config.nodes import ConfigurationError, Items, Keys, Node, Place, Problem, Text, is_numbered

T = TypeVar("T")

_INTEGER: Final = re.compile(r"[-+]?\d{1,18}")
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
_WRONG: Final = object()
"""In place of a value about which there is a problem."""


def convert(kind: type[T], node: Node) -> T:
    """The settings of a dataclass.

    Numbers are never negative. Where settings may be None, `false` means None and `true` all defaults.

    Raises:
        ConfigurationError: with all that is wrong.
    """
    converter = _Converter(node.problems if isinstance(node, Keys) else ())
    found = converter.value(kind, node, ())
    if converter.problems:
        raise ConfigurationError(converter.problems)
    return found


class _Converter:
    def __init__(self, known: Sequence[Problem] = ()) -> None:
        self.problems = list(known)

    def value(self, kind: Any, node: Node, place: Place) -> Any:
        kind, nullable = optional(kind)
        if isinstance(node, Text) and node.problem is not None:
            self.problems.append(Problem(place, node.problem, node.where))
            return _WRONG
        if isinstance(node, Text) and nullable and (node.is_null or (is_settings(kind) and node.text in _FALSE)):
            return None
        if is_settings(kind):
            return self._settings(kind, node, place, switched=nullable)
        return self._other(kind, node, place)

    def _other(self, kind: Any, node: Node, place: Place) -> Any:
        if (classes := choices(kind)) is not None:
            return self._choice(classes, node, place)
        if (item := item_kind(kind)) is not None:
            return self._list(item, node, place)
        if (value := value_kind(kind)) is not None:
            return self._mapping(value, node, place)
        if not isinstance(node, Text):
            return self._wrong(kind, node, place)
        return self._scalar(kind, node, place)

    def _settings(self, kind: type, node: Node, place: Place, *, switched: bool) -> Any:
        if isinstance(node, Text) and (node.is_null or (switched and node.text in _TRUE)):
            node = Keys({}, node.where)
        if not isinstance(node, Keys):
            return self._wrong(kind, node, place)
        known = settings_of(kind)
        for name in node.entries:
            if name not in known:
                self._unknown(name, node, place, known)
        values = {
            name: self.value(known[name].kind, each, (*place, name))
            for name, each in node.entries.items()
            if name in known
        }
        missing = [name for name, each in known.items() if each.is_required and name not in values]
        self.problems.extend(Problem((*place, name), "The key is missing.", node.where) for name in missing)
        if missing or any(each is _WRONG for each in values.values()):
            return _WRONG
        return self._made(lambda: kind(**values), node, place)

    def _made(self, make: Callable[[], Any], node: Node, place: Place) -> Any:
        try:
            return make()
        except ValueError as error:
            self.problems.append(Problem(place, str(error), node.where))
            return _WRONG

    def _choice(self, classes: Mapping[str, type], node: Node, place: Place) -> Any:
        if isinstance(node, Keys) and len(node.entries) == 1:
            ((name, inner),) = node.entries.items()
            if name in classes:
                return self._settings(classes[name], inner, (*place, name), switched=False)
        self.problems.append(Problem(place, f"Must be one of {', '.join(classes)}, with its keys.", node.where))
        return _WRONG

    def _list(self, item: Any, node: Node, place: Place) -> Any:
        if isinstance(node, Keys) and is_numbered(node):
            node = Items(tuple(node.entries.values()), node.where)
        match node:
            case Items(items):
                found = [self.value(item, each, (*place, number)) for number, each in enumerate(items)]
            case Text() if node.is_null:
                return ()
            case Text(text, where, quoted, folder) if not is_settings(item) and choices(item) is None:
                texts = [Text(part.strip(), where, quoted, folder) for part in text.split(",")]
                found = [self.value(item, each, place) for each in texts]
            case _:
                self.problems.append(Problem(place, f"Must be a list, each {name_of(item)}.", node.where))
                return _WRONG
        return _WRONG if any(each is _WRONG for each in found) else tuple(found)

    def _mapping(self, value: Any, node: Node, place: Place) -> Any:
        if isinstance(node, Text) and node.is_null:
            return {}
        if not isinstance(node, Keys):
            self.problems.append(Problem(place, f"Must be names, with {name_of(value)} each.", node.where))
            return _WRONG
        found = {name: self.value(value, each, (*place, name)) for name, each in node.entries.items()}
        return _WRONG if any(each is _WRONG for each in found.values()) else found

    def _scalar(self, kind: Any, node: Text, place: Place) -> Any:
        text = node.text
        found: Any = _WRONG
        if kind is str:
            found = text
        elif kind is Path and text:
            found = Path(text) if node.folder is None else node.folder / text
        elif kind is bool and text in _TRUE | _FALSE:
            found = text in _TRUE
        elif kind in {int, float}:
            found = _number(kind, text)
        elif is_enum(kind):
            members = {str(member.value): member for member in cast("type[Enum]", kind)}
            found = members.get(text, _WRONG)
        if found is _WRONG:
            return self._wrong(kind, node, place)
        if kind in {int, float} and found < 0:
            self.problems.append(Problem(place, "Must not be negative.", node.where))
            return _WRONG
        return found

    def _wrong(self, kind: Any, node: Node, place: Place) -> Any:
        """What is there instead is not told: it may be secret."""
        found = {Text: "another text", Items: "a list", Keys: "keys"}[type(node)]
        if isinstance(node, Text) and node.is_null:
            found = "nothing"
        self.problems.append(Problem(place, f"Must be {name_of(kind)}, and is {found}.", node.where))
        return _WRONG

    def _unknown(self, name: str, node: Keys, place: Place, known: Mapping[str, Any]) -> None:
        close = get_close_matches(name, known, n=1)
        hint = f"Is it {close[0]}?" if close else f"There are {', '.join(known)}."
        where = node.places.get(name) or node.entries[name].where
        self.problems.append(Problem((*place, name), f"There is no such key. {hint}", where))


def _number(kind: Any, text: str) -> Any:
    """A finite number of a kind; `_WRONG` if it is none."""
    if kind is int:
        return int(text) if _INTEGER.fullmatch(text) else _WRONG
    try:
        number = float(text)
    except ValueError:
        return _WRONG
    return number if math.isfinite(number) and "_" not in text else _WRONG
