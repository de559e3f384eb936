"""Where a value stands in the merged data, and which objects a plan's path leads to."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, cast

from router.execute.budget import Budget
from router.execute.json import JSONObject, PathKey
from router.plan.nodes import Each, Key, OnTypes, PathStep, ResponsePath


class Position(NamedTuple):
    """A path as a linked list, so that siblings share their parents' part."""

    parent: "Position | None"
    key: PathKey


Located: TypeAlias = tuple[Any, Position | None]
"""A value and its position; None is the root."""


def keys_of(position: Position | None) -> list[PathKey]:
    """The path from the root."""
    keys: list[PathKey] = []
    while position is not None:
        keys.append(position.key)
        position = position.parent
    keys.reverse()
    return keys


def objects_at(root: JSONObject, path: ResponsePath, budget: Budget) -> list[tuple[JSONObject, Position | None]]:
    """Every object that `path` leads to, in the order of the data; nulls and unexpected values lead nowhere.

    Raises:
        TooManyObjects: there are more than `budget` has left.
    """
    found: list[Located] = [(root, None)]
    for step in path:
        if isinstance(step, Each):
            budget.require(sum(len(cast("list[Any]", items)) for items, _ in found if isinstance(items, list)))
        found = _step(found, step)
    objects = [(cast("JSONObject", value), position) for value, position in found if isinstance(value, dict)]
    budget.spend(len(objects))
    return objects


def _step(located: Sequence[Located], step: PathStep) -> list[Located]:
    match step:
        case Key(name):
            return [
                (value, Position(position, name))
                for parent, position in located
                if isinstance(parent, dict) and (value := cast("JSONObject", parent).get(name)) is not None
            ]
        case Each():
            return [
                (item, Position(position, index))
                for items, position in located
                if isinstance(items, list)
                for index, item in enumerate(cast("list[Any]", items))
            ]
        case OnTypes(types, typename_key):
            return [
                (value, position)
                for value, position in located
                if isinstance(value, dict)
                and isinstance(typename := cast("JSONObject", value).get(typename_key), str)
                and typename in types
            ]


def static_prefix(path: ResponsePath) -> list[PathKey]:
    """The part of `path` before the first list: where an entity fetch as a whole belongs in the answer."""
    keys: list[PathKey] = []
    for step in path:
        match step:
            case Key(name):
                keys.append(name)
            case Each():
                break
            case OnTypes():
                pass
    return keys
