"""Values that stand for a failure: they are null, or missing, because a field or a whole fetch failed.

What a field is derived from must not be null on such account: nobody could tell the value that comes of it from a true
one. So the field is null itself, and the error of what it requires says why. Null without an error is a value.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias, cast

from router.execute.json import JSONObject, PathKey
from router.execute.paths import Position, keys_of
from router.plan.nodes import Representation, RepresentationField

Place: TypeAlias = tuple[PathKey, ...]


class Failures:
    """The places of the merged data that errors speak of."""

    def __init__(self, errors: Iterable[JSONObject]) -> None:
        self._at: set[Place] = {tuple(error["path"]) for error in errors} - {()}
        self._around = {path[:length] for path in self._at for length in range(1, len(path) + 1)}

    def spoilt(self, entity: JSONObject, shape: Representation, position: Position | None) -> frozenset[str]:
        """The names of what is required of an object and failed."""
        place: Place = tuple(keys_of(position))
        is_near = place in self._around or self._is_below(place)
        required = (each for each in shape.fields if not each.is_key) if is_near else ()
        return frozenset(each.name for each in required if self._is_spoilt(entity, each, place))

    def _is_below(self, place: Place) -> bool:
        return any(place[:length] in self._at for length in range(1, len(place) + 1))

    def _is_spoilt(self, parent: JSONObject, field: RepresentationField, place: Place) -> bool:
        path = (*place, field.key)
        if field.key not in parent:
            return path in self._around or self._is_below(place)
        return self._is_lost(parent[field.key], field, path)

    def _is_lost(self, value: Any, field: RepresentationField, path: Place) -> bool:
        if value is None:
            return path in self._around
        if isinstance(value, list):
            items = enumerate(cast("list[Any]", value))
            return any(self._is_lost(item, field, (*path, index)) for index, item in items)
        if not field.selections or not isinstance(value, dict):
            return False
        inner = cast("JSONObject", value)
        typename = inner.get(field.typename_key)
        wanted = (each for each in field.selections if each.on is None or typename in each.on)
        return any(self._is_spoilt(inner, each, path) for each in wanted)
