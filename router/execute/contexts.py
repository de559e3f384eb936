"""Groups of entities with arguments that come from their ancestors: objects with equal values are asked together.

A request asks a group once for each set of values, with aliases and variables of its own: an object below two ancestors
is asked twice, and what comes back for one of them does not show below the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

import orjson

from router.execute.entities import Asked, GroupStep
from router.execute.json import JSONObject
from router.execute.representations import EntityBatch
from router.execute.run import Run
from router.execute.shapes import holds
from router.plan.entities_text import suffix_of
from router.plan.nodes import ContextVariable, Each, Key, OnTypes, ResponsePath

Lineage: TypeAlias = tuple[Any, ...]
"""The value at each step of a path, the root's first and the object itself last."""


class Unknown(Exception):
    """No ancestor gives the value, or null where the variable's type forbids it."""


def ask_contextual(step: GroupStep, run: Run) -> list[Asked]:
    """What to ask of a group: nothing if there are no objects to describe, otherwise once per set of values.

    Raises:
        TooManyObjects: there are more objects than the run has left.
    """
    if not holds(step.group.when, run.variables):
        return []
    sets: dict[bytes, _Set] = {}
    for path, lineage in _lineages(step.group.paths, run):
        representation = step.builder.describe(lineage[-1])
        if representation is not None:
            try:
                values = [_value(each, path, lineage) for each in step.group.contexts]
            except Unknown:
                continue
            identity = orjson.dumps(values, default=repr, option=orjson.OPT_NON_STR_KEYS)
            sets.setdefault(identity, _Set(values)).add(representation, lineage[-1])
    return [_asked(step, number, each) for number, each in enumerate(sets.values())]


@dataclass(slots=True)
class _Set:
    """The objects with equal values."""

    values: list[Any]
    batch: EntityBatch = field(default_factory=lambda: EntityBatch([], []))
    _known: dict[bytes, int] = field(default_factory=dict[bytes, int])

    def add(self, representation: JSONObject, target: JSONObject) -> None:
        identity = orjson.dumps(representation, default=repr, option=orjson.OPT_NON_STR_KEYS)
        index = self._known.setdefault(identity, len(self.batch.representations))
        if index == len(self.batch.representations):
            self.batch.representations.append(representation)
            self.batch.targets.append([])
        self.batch.targets[index].append(target)


def _asked(step: GroupStep, number: int, same: _Set) -> Asked:
    suffix = suffix_of(number)
    group = replace(step.group, alias=step.group.alias + suffix, variable=step.group.variable + suffix)
    names = [each.name + suffix for each in step.group.contexts]
    values = dict(zip(names, same.values, strict=True))
    return Asked(step.group, number, step.named(group), same.batch, values)


def _lineages(paths: Sequence[ResponsePath], run: Run) -> Iterator[tuple[ResponsePath, Lineage]]:
    """Every object that the paths lead to, with all that is above it.

    No object is at several places: `merge_entities_apart` sees to it.
    """
    for path in paths:
        for lineage in _follow((run.data,), path, run):
            yield path, lineage


def _follow(lineage: Lineage, path: ResponsePath, run: Run) -> Iterator[Lineage]:
    value = lineage[-1]
    if not path:
        if isinstance(value, dict):
            run.budget.spend(1)
            yield lineage
        return
    match path[0]:
        case Key(name):
            if isinstance(value, dict) and name in value:
                yield from _follow((*lineage, cast("JSONObject", value)[name]), path[1:], run)
        case Each():
            if isinstance(value, list):
                for item in cast("list[Any]", value):
                    yield from _follow((*lineage, item), path[1:], run)
        case OnTypes() as types:
            if _is_of(value, types):
                yield from _follow((*lineage, value), path[1:], run)


def _value(variable: ContextVariable, path: ResponsePath, lineage: Lineage) -> Any:
    """What the nearest ancestor that has the context gives.

    Raises:
        Unknown: there is no value.
    """
    for source in variable.sources:
        ancestor = lineage[len(path) - source.up]
        if source.types is None or _is_of(ancestor, source.types):
            return _found(variable, ancestor, source.path)
    raise Unknown


def _found(variable: ContextVariable, ancestor: Any, path: ResponsePath) -> Any:
    """The value below an ancestor.

    Raises:
        Unknown: it was never fetched, or is null and must not be.
    """
    try:
        value = _read(ancestor, path)
    except Unknown:
        if variable.is_optional:
            return None
        raise
    if value is None and variable.type.endswith("!"):
        raise Unknown
    return value


def _read(value: Any, path: ResponsePath) -> Any:
    """The value at the end of a path; null on the way is null, a list on the way gives a list.

    Raises:
        Unknown: it was never fetched.
    """
    if isinstance(value, list) and path:
        return [_read(item, path) for item in cast("list[Any]", value)]
    if value is None or not path:
        return cast("Any", value)
    match path[0]:
        case Key(name):
            if not isinstance(value, dict) or name not in value:
                raise Unknown
            return _read(cast("JSONObject", value)[name], path[1:])
        case OnTypes() as types:
            return _read(value, path[1:]) if _is_of(value, types) else None
        case Each():
            return _read(value, path[1:])


def _is_of(value: Any, types: OnTypes) -> bool:
    typename = cast("JSONObject", value).get(types.typename_key) if isinstance(value, dict) else None
    return isinstance(typename, str) and typename in types.types
