"""What a fetch selects, to leave out of an answer what nobody has asked for.

Data of several subgraphs meets in one tree. There, a key that a subgraph answers unasked would pass for what another
one knows.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from router.execute.generated.looking import MANY, Look, make_look
from router.execute.generated.source import Unsuitable
from router.execute.generated.unsure import Unsure
from router.execute.json import JSONObject

T = TypeVar("T")

_Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]


@dataclass(slots=True)
class _Selection:
    """The response keys of an object, of whatever type it is, and what is selected of those that hold objects."""

    keys: set[str] = field(default_factory=set[str])
    inner: "dict[str, _Selection]" = field(default_factory=dict[str, "_Selection"])

    def read(self, selection_set: SelectionSetNode, fragments: _Fragments) -> None:
        for node in selection_set.selections:
            match node:
                case FieldNode():
                    self._read_field(node, fragments)
                case FragmentSpreadNode():
                    self.read(fragments[node.name.value].selection_set, fragments)
                case _:
                    self.read(cast("Any", node).selection_set, fragments)

    def _read_field(self, node: FieldNode, fragments: _Fragments) -> None:
        key = (node.alias or node.name).value
        self.keys.add(key)
        if node.selection_set is not None:
            self.inner.setdefault(key, _Selection()).read(node.selection_set, fragments)


@dataclass(slots=True)
class Selected:
    """What a text selects; it is read when the first answer comes."""

    text: str
    _known: _Selection | None = None
    _look: Look | None = None

    def compile(self) -> None:
        """Make code that looks whether there is anything to take out."""
        if self.text:
            with suppress(Unsuitable):
                self._look = make_look(self._selection())

    def trim(self, values: Sequence[JSONObject | None]) -> None:
        """Take the keys that are not selected out of the objects and of all objects in them; no text says nothing."""
        if self.text and not (self._look is not None and _is_clean(values, self._look)):
            _trim([each for each in values if each is not None], self._selection())

    def _selection(self) -> _Selection:
        if self._known is None:
            self._known = _read(self.text)
        return self._known


def _is_clean(values: Sequence[JSONObject | None], look: Look) -> bool:
    try:
        look(values)
    except Unsure:
        return False
    return True


def _trim(objects: Sequence[JSONObject], selection: _Selection) -> None:
    shapes = set(map(tuple, objects))  # few, as objects of one answer are alike
    if not all(map(selection.keys.issuperset, shapes)):
        for each in objects:
            for key in each.keys() - selection.keys:
                del each[key]
    for key, inner in selection.inner.items():
        found = _objects(_values(objects, key))
        if found:
            _trim(found, inner)


def _values(objects: Sequence[JSONObject], key: str) -> list[Any]:
    try:
        return list(map(itemgetter(key), objects))
    except KeyError:
        return [each[key] for each in objects if key in each]


def _objects(values: list[Any]) -> list[JSONObject]:
    """The objects among the values, and in lists among them; where there are many, each once."""
    found: list[JSONObject] = []
    while values:
        kinds = set(map(type, values))
        if kinds == {dict}:
            return _once(found + values)
        found += [each for each in values if isinstance(each, dict)]
        lists = [cast("list[Any]", each) for each in values if isinstance(each, list)]
        values = _once(list(chain.from_iterable(lists)))
    return _once(found)


def _once(values: list[T]) -> list[T]:
    """A subgraph in this process may hand over one object in many places, which multiply from level to level."""
    return values if len(values) < MANY else list({id(each): each for each in values}.values())


def _read(text: str) -> _Selection:
    definitions = parse(text, no_location=True).definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    selection = _Selection()
    for each in definitions:
        if isinstance(each, OperationDefinitionNode):
            selection.read(each.selection_set, fragments)
    return selection
