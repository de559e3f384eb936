"""A YAML file, read without anything that could surprise: no aliases, no tags, no second value for a key."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import AliasEvent

from router.serve.config.nodes import ConfigurationError, Items, Keys, Node, Problem, Text

LARGEST_BYTES: Final = 1_000_000
DEEPEST: Final = 40
"""Collections within each other."""

_CORE: Final = "tag:yaml.org,2002:"
_TAGS: Final = frozenset({"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"})
"""What the forms of values without a tag stand for."""

_VARIABLE: Final = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\})")


def read_file(path: Path, environment: Mapping[str, str]) -> Keys:
    """What a file says, with the variables of the environment that it names.

    What is wrong with single keys and values is told by the nodes.

    Raises:
        ConfigurationError: it cannot be read, or is no YAML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise ConfigurationError([Problem((), f"There are more than {LARGEST_BYTES} bytes.", str(path))])
        text = content.decode()
    except OSError as error:
        raise ConfigurationError([Problem((), f"Cannot be read: {error.strerror}.", str(path))]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem((), f"Cannot be read: {error}.", str(path))]) from error
    return read_text(text, str(path), environment, path.absolute().parent)


def read_text(text: str, name: str, environment: Mapping[str, str], folder: Path | None = None) -> Keys:
    """The same of a text; `name` is what problems are reported under.

    Raises:
        ConfigurationError: as above.
    """
    node, problems = _read(text, name, environment, folder)
    if isinstance(node, Text) and node.is_null:
        return Keys({}, name, problems=problems)
    if not isinstance(node, Keys):
        raise ConfigurationError([*problems, Problem((), "A configuration consists of keys and their values.", name)])
    return replace(node, problems=problems)


def read_node(text: str, name: str, environment: Mapping[str, str], folder: Path | None = None) -> Node:
    """Any value.

    Raises:
        ConfigurationError: as above, or something is wrong with the keys in it.
    """
    node, problems = _read(text, name, environment, folder)
    if problems:
        raise ConfigurationError(list(problems))
    return node


def _read(
    text: str, name: str, environment: Mapping[str, str], folder: Path | None
) -> tuple[Node, tuple[Problem, ...]]:
    """Any value, and what is wrong with the keys in it.

    Raises:
        ConfigurationError: it is no YAML.
    """
    try:
        root = _compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        raise ConfigurationError([Problem((), f"Is no YAML: {error.problem}.", where)]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError([Problem((), f"Is no YAML: {' '.join(str(error).split())}.", name)]) from error
    if root is None:
        return Text("", name), ()
    reader = _Reader(name, environment, folder)
    node = reader.read(root)
    return node, tuple(reader.problems)


class _Loader(yaml.SafeLoader):
    """Composes no aliases, with which a small file describes a huge value, and nothing too deep to go through."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = cast("Any", self).peek_event()
        if isinstance(event, AliasEvent):
            raise MarkedYAMLError(problem="aliases are not taken", problem_mark=event.start_mark)
        if event.anchor is not None:
            raise MarkedYAMLError(problem="anchors are not taken", problem_mark=event.start_mark)
        self.depth += 1
        if self.depth > DEEPEST:
            raise MarkedYAMLError(problem="it is nested too deeply", problem_mark=event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _compose(text: str) -> Any:
    loader: Any = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


class _Reader:
    """Makes nodes of YAML's own, and notes all that is wrong with them."""

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path | None) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._environment = environment
        self._folder = folder

    def read(self, node: yaml.Node) -> Node:
        where = self._where(node)
        if node.tag.removeprefix(_CORE) not in _TAGS:
            self.problems.append(Problem((), f"The tag {node.tag} is not taken.", where))
        match node:
            case yaml.MappingNode():
                return self._keys(node, where)
            case yaml.SequenceNode():
                return Items(tuple(self.read(each) for each in node.value), where)
            case _:
                quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
                text, missing = self._substituted(node.value)
                problem = f"There is no variable {missing} in the environment." if missing else None
                return Text(text, where, quoted, self._folder, problem)

    def _keys(self, node: yaml.MappingNode, where: str) -> Keys:
        entries: dict[str, Node] = {}
        places: dict[str, str] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem((), "A key is a text.", self._where(key)))
                continue
            if key.value in entries:
                self.problems.append(Problem((key.value,), "The key is there twice.", self._where(key)))
            entries[key.value] = self.read(value)
            places[key.value] = self._where(key)
        return Keys(entries, where, places)

    def _substituted(self, text: str) -> tuple[str, str | None]:
        """A text with the values of variables, and the name of one that is not there."""
        missing: list[str] = []

        def value(found: re.Match[str]) -> str:
            if found["escaped"]:
                return "$"
            given = self._environment.get(found["name"])
            # as in a shell: an empty variable is none where there is a default
            if found["default"] is not None:
                return given or found["default"]
            if given is None:
                missing.append(found["name"])
            return given or ""

        return _VARIABLE.sub(value, text), missing[0] if missing else None

    def _where(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"
