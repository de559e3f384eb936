"""What a fetch selects, to leave out of an answer what nobody has asked for.

Data of several subgraphs meets in one tree. There, a key that a subgraph answers unasked would pass for what another
one knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from router.execute.json import JSONObject

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

    def trim(self, values: Sequence[JSONObject | None]) -> None:
        """Take the keys that are not selected out of the objects and of all objects in them; no text says nothing."""
        if not self.text:
            return
        known = self._known
        if known is None:
            known = self._known = _read(self.text)
        seen: set[tuple[int, int]] = set()
        pending: list[tuple[Any, _Selection]] = [(values, known)]
        while pending:
            value, selection = pending.pop()
            # A subgraph in this process may hand over one object in many places.
            place = (id(value), id(selection))
            if place in seen or not isinstance(value, dict | list):
                continue
            seen.add(place)
            if isinstance(value, dict):
                found = cast("JSONObject", value)
                _trim_object(found, selection)
                pending.extend((found[key], inner) for key, inner in selection.inner.items() if key in found)
            else:
                pending.extend((each, selection) for each in cast("list[Any]", value))


def _trim_object(value: JSONObject, selection: _Selection) -> None:
    if not value.keys() <= selection.keys:
        for key in value.keys() - selection.keys:
            del value[key]


def _read(text: str) -> _Selection:
    definitions = parse(text, no_location=True).definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    selection = _Selection()
    for each in definitions:
        if isinstance(each, OperationDefinitionNode):
            selection.read(each.selection_set, fragments)
    return selection
