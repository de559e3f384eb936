"""From paths of the merged data to paths of the client's answer."""

from collections.abc import Sequence
from typing import Any, cast

from router.execute.json import JSONObject, PathKey
from router.plan.nodes import ProjectedField


def client_path(projection: Sequence[ProjectedField], path: Sequence[PathKey], data: JSONObject) -> list[PathKey]:
    """The client's path for a path of the merged data.

    It ends early where the plan fetched something for its own use (a key, a requirement): the error then stands at the
    nearest place that the client asked for.
    """
    keys: list[PathKey] = []
    selections = projection
    value: Any = data
    typename_key = "__typename"
    for key in path:
        if isinstance(key, int):
            keys.append(key)
            value = get_item(value, key)
            continue
        found = _find(selections, key, get_value(value, typename_key))
        if found is None:
            break
        keys.append(found.key)
        value = get_value(value, key)
        selections, typename_key = found.selections, found.typename_key
    return keys


def _find(selections: Sequence[ProjectedField], source: str, typename: Any) -> ProjectedField | None:
    candidates = [each for each in selections if each.source == source]
    fitting = [each for each in candidates if each.on is None or (isinstance(typename, str) and typename in each.on)]
    return next(iter(fitting or candidates), None)


def get_value(value: Any, key: str) -> Any:
    return cast("JSONObject", value).get(key) if isinstance(value, dict) else None


def get_item(value: Any, index: int) -> Any:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return items[index] if 0 <= index < len(items) else None
    return None
