"""Merging the entities of one group, as Python: their fields are known, and so nothing is compared that cannot meet."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, OperationDefinitionNode, SelectionNode, parse

from router.execute.generated.source import Source, Unsuitable, indented
from router.execute.json import JSONObject
from router.execute.merge import merge_object

Merge: TypeAlias = Callable[[Sequence[JSONObject | None], Sequence[Sequence[JSONObject]]], None]
"""Writes entities into the objects that each belongs to."""

MAX_KEYS = 50


def make_merge(text: str) -> Merge:
    """What merges entities of which `text` was selected, in braces.

    Raises:
        Unsuitable: what was selected differs from type to type, or is very much.
    """
    source = Source({"merge_object": merge_object})
    name = _write(source, _keys(text))
    return source.run()[name]


def _keys(text: str) -> list[str]:
    """The response keys of all that is selected, if that is the same for each type."""
    try:
        (operation,) = parse(text, no_location=True).definitions
    except GraphQLSyntaxError as error:
        raise Unsuitable from error
    selections: Sequence[SelectionNode] = (
        operation.selection_set.selections if isinstance(operation, OperationDefinitionNode) else ()
    )
    while len(selections) == 1 and isinstance(selections[0], InlineFragmentNode):
        selections = selections[0].selection_set.selections
    keys = [each.alias.value if each.alias else each.name.value for each in selections if isinstance(each, FieldNode)]
    if len(keys) != len(selections) or len(set(keys)) != len(keys) or not 0 < len(keys) <= MAX_KEYS:
        raise Unsuitable
    return keys


def _write(source: Source, keys: Sequence[str]) -> str:
    names = [(f"v{number}", source.constant(key)) for number, key in enumerate(keys)]
    write = [
        f"if {' or '.join(f'{key} in o' for _, key in names)}: merge_object(o, e)",
        "else:",
        *(f"    o[{key}] = {name}" for name, key in names),
    ]
    alike = ["try:", *(f"    {name} = e[{key}]" for name, key in names)]
    alike += ["except KeyError: pass", "else:", *indented(["for o in objects:", *indented(write), "continue"])]
    body = [
        "if e is None: continue",
        f"if len(e) == {len(keys)}:",
        *indented(alike),
        "for o in objects: merge_object(o, e)",
    ]
    return source.function("entities, targets", ["for e, objects in zip(entities, targets):", *indented(body)])
