"""Descriptions of objects for a subgraph's `_entities`.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from router.execute.budget import Budget
from router.execute.failures import Failures
from router.execute.json import JSONObject
from router.execute.paths import Position, objects_at
from router.plan.nodes import Representation, RepresentationField, ResponsePath


class Incomplete(Exception):
    """The merged data lacks a value that the representation needs, or has null in its key."""


@dataclass(frozen=True, slots=True)
class EntityBatch:
    """What to ask of `_entities`, and where its answers belong.

    Attributes:
        representations: each one once, however many objects it describes.
        targets: per representation, the objects it describes.
        spoilt: by representation, the names of what is null in it on account of a failure.
    """

    representations: list[JSONObject]
    targets: list[list[JSONObject]]
    spoilt: dict[int, frozenset[str]] = field(default_factory=dict[int, frozenset[str]])


@dataclass(frozen=True, slots=True)
class RepresentationBuilder:
    """The shapes of one group of entities, indexed by the runtime type they describe."""

    paths: Sequence[ResponsePath]
    by_type: Mapping[str, Mapping[str, Representation]]
    """Per key of `__typename`, in the order of the plan: runtime type → shape."""
    required: Sequence[frozenset[str]] = ()
    """Per field that is asked for, the names of what it requires; empty if none requires anything."""

    @classmethod
    def of(
        cls,
        paths: Sequence[ResponsePath],
        shapes: Sequence[Representation],
        required: Sequence[frozenset[str]] = (),
    ) -> "RepresentationBuilder":
        by_type: dict[str, dict[str, Representation]] = {}
        for shape in shapes:
            known = by_type.setdefault(shape.typename_key, {})
            for typename in shape.on:
                known.setdefault(typename, shape)
        return cls(paths, by_type, required)

    def collect(self, data: JSONObject, budget: Budget, failures: Failures | None = None) -> EntityBatch:
        """Describe every object of `data` that the paths lead to; those that cannot be described are left out.

        With `failures`, so are those of which nothing is asked but what requires what failed.

        Raises:
            TooManyObjects: there are more than `budget` has left.
        """
        batch = EntityBatch([], [])
        known: dict[tuple[bytes, frozenset[str]], int] = {}
        for path in self.paths:
            for target, position in objects_at(data, path, budget):
                representation = self.describe(target)
                spoilt = _NOTHING if failures is None else self._spoilt(target, position, failures)
                if representation is None or (spoilt and all(spoilt & each for each in self.required)):
                    continue
                # Arbitrary scalars of in-process subgraphs are told apart by their repr.
                identity = orjson.dumps(representation, default=repr, option=orjson.OPT_NON_STR_KEYS)
                index = known.setdefault((identity, spoilt), len(batch.representations))
                if index == len(batch.representations):
                    batch.representations.append(representation)
                    batch.targets.append([])
                    if spoilt:
                        batch.spoilt[index] = spoilt
                batch.targets[index].append(target)
        return batch

    def _spoilt(self, entity: JSONObject, position: Position | None, failures: Failures) -> frozenset[str]:
        shape, _ = self._shape(entity)
        return _NOTHING if shape is None else failures.spoilt(entity, shape, position)

    def describe(self, entity: JSONObject) -> JSONObject | None:
        shape, typename = self._shape(entity)
        if shape is None:
            return None
        try:
            described = _object(entity, shape.fields, typename, in_list=False)
        except Incomplete:
            return None
        return {"__typename": shape.typename or typename, **described}

    def _shape(self, entity: JSONObject) -> tuple[Representation | None, Any]:
        for typename_key, shapes in self.by_type.items():
            typename = entity.get(typename_key)
            shape = shapes.get(typename) if isinstance(typename, str) else None
            if shape is not None:
                return shape, typename
        return None, None


_NOTHING = frozenset[str]()


def _object(value: JSONObject, fields: Sequence[RepresentationField], typename: Any, *, in_list: bool) -> JSONObject:
    return {
        field.name: _value(value, field, in_list=in_list)
        for field in fields
        if field.on is None or (isinstance(typename, str) and typename in field.on)
    }


def _value(parent: JSONObject, field: RepresentationField, *, in_list: bool) -> Any:
    """The value of one field.

    Raises:
        Incomplete: it was never fetched, because the fetch that should have brought it failed, and it must not be null;
            or it is null, and the key with it. Keys may have nulls in lists.
    """
    if field.key not in parent:
        if field.is_optional:
            return None
        raise Incomplete
    value = nested(parent[field.key], field, in_list=in_list) if field.selections else parent[field.key]
    if value is None and field.is_key and not in_list:
        raise Incomplete
    return value


def nested(value: Any, field: RepresentationField, *, in_list: bool = False) -> Any:
    """What is described of an object or of the items of a list.

    Raises:
        Incomplete: it cannot be described.
    """
    if isinstance(value, dict):
        inner = cast("JSONObject", value)
        return _object(inner, field.selections, inner.get(field.typename_key), in_list=in_list)
    if isinstance(value, list):
        return [nested(item, field, in_list=True) for item in cast("list[Any]", value)]
    return None
