"""Results of several fetches into one tree of data."""

from collections.abc import Iterable
from typing import Any, cast

from router.execute.json import JSONObject


def merge_object(target: JSONObject, source: JSONObject) -> None:
    """Add `source` to `target`, in place; values that are objects or lists of equal length are merged item by item.

    Null never overwrites a value, because a second subgraph that lost an object must not take away what a first one
    knows. Parts of `source` may become parts of `target` without a copy.
    """
    if target is source:
        return
    for key, value in source.items():
        known = target.get(key)
        if known is None:
            target[key] = value
        elif value is not None:
            target[key] = _merged(known, value)


def _merged(known: Any, value: Any) -> Any:
    if isinstance(known, dict):
        if isinstance(value, dict):
            merge_object(cast("JSONObject", known), cast("JSONObject", value))
        return cast("Any", known)
    if isinstance(known, list):
        if isinstance(value, list):
            _merge_list(cast("list[Any]", known), cast("list[Any]", value))
        return cast("Any", known)
    return value


def _merge_list(known: list[Any], items: list[Any]) -> None:
    """Lists of different lengths cannot be matched by index: the first one stays as it is."""
    if known is items or len(known) != len(items):
        return
    for index, item in enumerate(items):
        if known[index] is None:
            known[index] = item
        elif item is not None:
            known[index] = _merged(known[index], item)


def merge_entities(entities: Iterable[JSONObject | None], targets: Iterable[Iterable[JSONObject]]) -> None:
    """Write each entity into the objects it belongs to; the two are of the same length."""
    for entity, objects in zip(entities, targets, strict=True):
        if entity is not None:
            for each in objects:
                merge_object(each, entity)


def merge_entities_apart(entities: Iterable[JSONObject | None], targets: Iterable[Iterable[JSONObject]]) -> None:
    """The same, where no two objects may share what is below them."""
    for entity, objects in zip(entities, targets, strict=True):
        if entity is not None:
            own = entity
            for each in objects:
                merge_object(each, own)
                own = copy_of(entity)


def copy_of(value: Any) -> Any:
    """Objects and lists anew, leaves as they are."""
    if isinstance(value, dict):
        return {key: copy_of(each) for key, each in cast("JSONObject", value).items()}
    if isinstance(value, list):
        return [copy_of(each) for each in cast("list[Any]", value)]
    return value
