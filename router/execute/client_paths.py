"""From paths of the merged data to paths of the client's answer."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from router.execute.json import JSONObject, PathKey
from router.execute.shapes import applies
from router.plan.nodes import Key, ProjectedField, QueryPlan, RepresentationField

KeyPath: TypeAlias = tuple[str, ...]
"""A path of the merged data without the places in lists."""


def sent_paths(plan: QueryPlan) -> frozenset[KeyPath]:
    """Where the values are that the plan sends to subgraphs: keys and requirements."""
    fetches = (*plan.fetches, *(fetch for part in plan.deferred for fetch in part.fetches))
    return frozenset(
        sent
        for fetch in fetches
        for group in fetch.entities
        for path in group.paths
        for shape in group.representations
        for sent in _sent_paths(shape.fields, tuple(step.name for step in path if isinstance(step, Key)))
    )


def _sent_paths(fields: Sequence[RepresentationField], above: KeyPath) -> Iterator[KeyPath]:
    for field in fields:
        path = (*above, field.key)
        yield path
        yield from _sent_paths(field.selections, path)


def client_path(
    plan: QueryPlan,
    path: Sequence[PathKey],
    data: JSONObject,
    variables: Mapping[str, Any],
    sent: Collection[KeyPath] = (),
) -> list[PathKey] | None:
    """The client's path for a path of the merged data.

    It ends early where the plan fetched something for its own use (a key, a requirement): the error then stands at the
    nearest place that the client asked for.

    Args:
        plan: with the client's selection.
        path: in the merged data.
        data: the merged data.
        variables: coerced.
        sent: as `sent_paths` finds them.

    Returns:
        None if nobody asks for it of objects of that type, which was not known yet, or under these conditions.
    """
    keys: list[PathKey] = []
    selections = plan.projection
    value: Any = data
    typename_key = "__typename"
    for key in path:
        if isinstance(key, int):
            keys.append(key)
            value = get_item(value, key)
            continue
        candidates = [each for each in selections if each.source == key]
        if not candidates:
            break
        found = fitting(candidates, get_value(value, typename_key), variables)
        if found is None:
            return keys if is_sent(path, data, sent) else None
        keys.append(found.key)
        value = get_value(value, key)
        selections, typename_key = found.selections, found.typename_key
    return keys


def is_sent(path: Sequence[PathKey], data: JSONObject, sent: Collection[KeyPath]) -> bool:
    """Whether the plan sends what became null for an error at a path of the merged data."""
    names: list[str] = []
    value: Any = data
    for key in path:
        if value is None:
            break
        if isinstance(key, int):
            value = get_item(value, key)
        else:
            names.append(key)
            value = get_value(value, key)
    return tuple(names) in sent


def fitting(candidates: Sequence[ProjectedField], typename: Any, variables: Mapping[str, Any]) -> ProjectedField | None:
    """The first of the fields that objects of that type have, or that they may have if nobody knows their type."""
    wanted = (each for each in candidates if applies(each.when, variables))
    if not isinstance(typename, str):
        return next(wanted, None)
    return next((each for each in wanted if each.on is None or typename in each.on), None)


def get_value(value: Any, key: str) -> Any:
    return cast("JSONObject", value).get(key) if isinstance(value, dict) else None


def get_item(value: Any, index: int) -> Any:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return items[index] if 0 <= index < len(items) else None
    return None
