"""What a derived field is derived from: read from the data set, or from what a subgraph was sent."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Protocol, cast
from zlib import crc32

from graphql import (
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    parse_value,
    value_from_ast_untyped,
)


class Known(Protocol):
    """The data set, as far as it matters here."""

    @property
    def schema(self) -> Mapping[str, Any]: ...

    def value(self, thing: Any, name: str, arguments: Mapping[str, Any]) -> Any: ...

    def fits(self, type_name: str, condition: str) -> bool: ...


@cache
def selection(text: str) -> SelectionSetNode:
    """A field set as a selection."""
    return cast("OperationDefinitionNode", parse(f"{{ {text} }}", no_location=True).definitions[0]).selection_set


def digest(name: str, values: Any) -> str:
    """The value of a derived field."""
    return f"{name} {crc32(json.dumps(values, sort_keys=True).encode()):x}"


def known_of(world: Known, thing: Any, selected: SelectionSetNode) -> dict[str, Any]:
    """The selected fields of an object of the data set."""
    found: dict[str, Any] = {}
    for node in selected.selections:
        if isinstance(node, FieldNode):
            found[node.name.value] = _known_field(world, thing, node)
        elif isinstance(node, InlineFragmentNode) and world.fits(thing.type_name, condition_of(node)):
            found |= known_of(world, thing, node.selection_set)
    return found


def _known_field(world: Known, thing: Any, node: FieldNode) -> Any:
    if node.name.value == "__typename":
        return thing.type_name
    field = world.schema[thing.type_name].fields[node.name.value]
    given = {each.name: value_from_ast_untyped(parse_value(each.default)) for each in field.arguments if each.default}
    given |= {each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()}
    value = world.value(thing, node.name.value, given)
    below = node.selection_set
    return value if below is None else _each(value, lambda item: known_of(world, item, below))


def sent_of(representation: Mapping[str, Any], selected: SelectionSetNode, *, partial: bool = False) -> dict[str, Any]:
    """The selected fields of what was sent; with `partial`, those that were sent.

    Raises:
        KeyError: one was not sent.
    """
    found: dict[str, Any] = {}
    for node in selected.selections:
        if isinstance(node, InlineFragmentNode):
            condition = condition_of(node)
            if representation.get("__typename", condition) == condition:
                found |= sent_of(representation, node.selection_set, partial="__typename" not in representation)
        elif isinstance(node, FieldNode) and not (partial and node.name.value not in representation):
            value, below = representation[node.name.value], node.selection_set
            found[node.name.value] = value if below is None else _each(value, _reader(below))
    return found


def _reader(selected: SelectionSetNode) -> Callable[[Any], Any]:
    return lambda item: sent_of(item, selected)


def _each(value: Any, read: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [_each(item, read) for item in cast("list[Any]", value)]
    return None if value is None else read(value)


def condition_of(fragment: InlineFragmentNode) -> str:
    """The type that a fragment is on; a field set's always are on one."""
    assert fragment.type_condition is not None
    return fragment.type_condition.name.value


def fields_of(selected: SelectionSetNode) -> Iterator[FieldNode]:
    """The fields of a selection, those of its fragments too."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from fields_of(node.selection_set)
