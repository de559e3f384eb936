"""Field sets as values that can be compared and kept in sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, SelectionSetNode

from router.federation.field_sets import parse_field_set


@dataclass(frozen=True, slots=True)
class Selected:
    """A field; `inner` is empty on a leaf."""

    name: str
    inner: "Selection" = ()


@dataclass(frozen=True, slots=True)
class Fragment:
    """Selections that hold for one type only."""

    condition: str
    inner: "Selection"


Selection: TypeAlias = tuple[Selected | Fragment, ...]


@cache
def selection(text: str) -> Selection:
    """The selections of a field set; none, where it cannot be read."""
    try:
        return _selection(parse_field_set(text))
    except GraphQLSyntaxError:
        return ()


def _selection(node: SelectionSetNode) -> Selection:
    return tuple(_parts(node))


def _parts(node: SelectionSetNode) -> Iterator[Selected | Fragment]:
    for part in node.selections:
        match part:
            case FieldNode(name=name, selection_set=inner):
                yield Selected(name.value, () if inner is None else _selection(inner))
            case InlineFragmentNode(type_condition=None, selection_set=inner):
                yield from _parts(inner)
            case InlineFragmentNode(type_condition=condition, selection_set=inner) if condition is not None:
                yield Fragment(condition.name.value, _selection(inner))
            case _:
                continue


def inner_of(selected: Selection, name: str) -> Selection | None:
    """What is selected of the field `name`; None, where the field is not selected."""
    found = [part.inner for part in selected if isinstance(part, Selected) and part.name == name]
    return sum(found, ()) if found else None


def narrowed(selected: Selection, names: frozenset[str]) -> Selection:
    """The selections that hold for a value of the types `names`: an object and what it implements."""
    found: list[Selected | Fragment] = []
    for part in selected:
        if isinstance(part, Selected):
            found.append(part)
        elif part.condition in names:
            found.extend(part.inner)
    return tuple(found)


def show(selected: Selection) -> str:
    """The selections as a field set."""
    return " ".join(_show(part) for part in selected)


def _show(part: Selected | Fragment) -> str:
    head = part.name if isinstance(part, Selected) else f"... on {part.condition}"
    return f"{head} {{ {show(part.inner)} }}" if part.inner else head
