"""Which answer tells an error: the first one, or that of a part which comes later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.execute.client_paths import KeyPath, fitting, get_item, get_value, is_sent, sent_paths
from router.execute.json import JSONObject, PathKey
from router.plan.nodes import DeferredSelections, ProjectedField, QueryPlan

FIRST = -1
"""Stands for the first answer, where the others have the number of their part."""


@dataclass(slots=True)
class ErrorsByPart:
    """The errors of one execution, at the client's paths."""

    plan: QueryPlan
    variables: Mapping[str, Any]
    depths: Sequence[int]
    found: dict[int, list[JSONObject]] = field(default_factory=dict[int, list[JSONObject]])
    _known: frozenset[KeyPath] | None = None

    @classmethod
    def of(cls, plan: QueryPlan, variables: Mapping[str, Any]) -> "ErrorsByPart":
        return cls(plan, variables, part_depths(plan))

    def add(self, errors: Iterable[JSONObject], fetched: int, data: JSONObject) -> None:
        """Sort errors of fetches that are made for the part `fetched`.

        An error of a field that comes later than what the fetch is made for comes with the field; any other one comes
        with what the fetch is made for.
        """
        for error in errors:
            located = self._locate(error["path"], data)
            if located is None:
                continue
            path, part = located
            if self._depth(fetched) >= self._depth(part):
                part = fetched
            place: JSONObject = {"path": path} if path else {}
            told = {"message": error["message"], **place, "extensions": error["extensions"]}
            self.found.setdefault(part, []).append(told)

    @property
    def _sent(self) -> frozenset[KeyPath]:
        if self._known is None:
            self._known = sent_paths(self.plan)
        return self._known

    def _depth(self, part: int) -> int:
        return 0 if part == FIRST else self.depths[part]

    def first(self) -> list[JSONObject]:
        """Those of the first answer."""
        return self.found.get(FIRST, [])

    def at(self, part: int, path: tuple[PathKey, ...]) -> list[JSONObject]:
        """Those of a part that concern an object: one that speaks of more than the object is told at the object."""
        concerned: list[JSONObject] = []
        for error in self.found.get(part, ()):
            place = tuple(error.get("path", ()))
            if place[: len(path)] == path:
                concerned.append(error)
            elif path[: len(place)] == place:
                concerned.append({**error, "path": list(path)})
        return concerned

    def _locate(self, path: Sequence[PathKey], data: JSONObject) -> tuple[list[PathKey], int] | None:
        """The client's path for a path of the merged data, and the part that brings the field it leads to.

        As in `client_path`, it ends early where the plan fetched something for its own use, and there is none for what
        the client does not ask for.
        """
        keys: list[PathKey] = []
        part = FIRST
        selections, deferred = self.plan.projection, self.plan.deferred_selections
        value: Any = data
        typename_key = "__typename"
        for key in path:
            if isinstance(key, int):
                keys.append(key)
                value = get_item(value, key)
                continue
            candidates = _with_source(selections, deferred, key)
            if not candidates:
                break
            each = fitting([candidate for candidate, _ in candidates], get_value(value, typename_key), self.variables)
            if each is None:
                return (keys, part) if is_sent(path, data, self._sent) else None
            later = next(part for candidate, part in candidates if candidate is each)
            part = part if later is None else later
            keys.append(each.key)
            value = get_value(value, key)
            selections, deferred, typename_key = each.selections, each.deferred, each.typename_key
        return keys, part


def part_depths(plan: QueryPlan) -> Sequence[int]:
    """Per part, how many deferred fragments are around its fields at least."""
    depths: list[int] = []
    for fragment in plan.fragments:
        depths.append(1 + (0 if fragment.parent is None else depths[fragment.parent]))
    return [min(depths[each] for each in part.fragments) for part in plan.deferred]


def _with_source(
    selections: Sequence[ProjectedField], deferred: Iterable[DeferredSelections], key: str
) -> list[tuple[ProjectedField, int | None]]:
    """The fields with that key of the merged data, each with the part that brings it if it comes later."""
    found: list[tuple[ProjectedField, int | None]] = [(each, None) for each in selections if each.source == key]
    found += [(each, later.part) for later in deferred for each in later.selections if each.source == key]
    return found
