"""Descriptions of objects for a subgraph's `_entities`.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from router.execute.budget import Budget
from router.execute.json import JSONObject
from router.execute.paths import objects_at
from router.plan.nodes import Representation, RepresentationField, ResponsePath


class Incomplete(Exception):
    """The merged data lacks a value that the representation needs, or has null in its key."""


@dataclass(frozen=True, slots=True)
class EntityBatch:
    """What to ask of `_entities`, and where its answers belong.

    Attributes:
        representations: each one once, however many objects it describes.
        targets: per representation, the objects it describes.
    """

    representations: list[JSONObject]
    targets: list[list[JSONObject]]


@dataclass(frozen=True, slots=True)
class RepresentationBuilder:
    """The shapes of one group of entities, indexed by the runtime type they describe."""

    paths: Sequence[ResponsePath]
    by_type: Mapping[str, Mapping[str, Representation]]
    """Per key of `__typename`, in the order of the plan: runtime type → shape."""

    @classmethod
    def of(cls, paths: Sequence[ResponsePath], shapes: Sequence[Representation]) -> "RepresentationBuilder":
        by_type: dict[str, dict[str, Representation]] = {}
        for shape in shapes:
            known = by_type.setdefault(shape.typename_key, {})
            for typename in shape.on:
                known.setdefault(typename, shape)
        return cls(paths, by_type)

    def collect(self, data: JSONObject, budget: Budget) -> EntityBatch:
        """Describe every object of `data` that the paths lead to; those that cannot be described are left out.

        Raises:
            TooManyObjects: there are more than `budget` has left.
        """
        batch = EntityBatch([], [])
        known: dict[bytes, int] = {}
        for path in self.paths:
            for target, _ in objects_at(data, path, budget):
                representation = self.describe(target)
                if representation is None:
                    continue
                # Arbitrary scalars of in-process subgraphs are told apart by their repr.
                identity = orjson.dumps(representation, default=repr, option=orjson.OPT_NON_STR_KEYS)
                index = known.setdefault(identity, len(batch.representations))
                if index == len(batch.representations):
                    batch.representations.append(representation)
                    batch.targets.append([target])
                else:
                    batch.targets[index].append(target)
        return batch

    def describe(self, entity: JSONObject) -> JSONObject | None:
        for typename_key, shapes in self.by_type.items():
            typename = entity.get(typename_key)
            shape = shapes.get(typename) if isinstance(typename, str) else None
            if shape is not None:
                try:
                    described = _object(entity, shape.fields, typename, in_list=False)
                except Incomplete:
                    return None
                return {"__typename": shape.typename or typename, **described}
        return None


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
