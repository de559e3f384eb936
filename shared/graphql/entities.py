"""`Query._entities`: turn the router's representations into objects.

References are grouped by type and each group is resolved in one call; a reference that cannot be resolved is an error
at its own index and leaves the others alone.

Source: Apollo Federation subgraph specification, `Query._entities`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from typing import Any, TypeAlias, cast

from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    is_leaf_type,
)
from strawberry import Info
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition

from shared.errors import BadUserInput

Representation: TypeAlias = Mapping[str, Any]
Reference: TypeAlias = dict[str, Any]
"""A representation without its `__typename`, under Python names and with parsed scalars."""

ResolveMany: TypeAlias = Callable[[Info, list[Reference]], Awaitable[Sequence[object | None]]]
EntityType: TypeAlias = GraphQLObjectType | GraphQLInterfaceType


async def resolve_entities(info: Info, representations: Sequence[Representation]) -> list[object | None]:
    """Resolve every representation.

    Returns:
        One value per representation, in order: the entity, None where it does not exist, or the exception to report
        at that index.
    """
    results: list[object | None] = [None] * len(representations)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, representation in enumerate(representations):
        groups[str(representation.get("__typename"))].append(index)

    async def resolve(typename: str, indexes: list[int]) -> None:
        entities = await _resolve_group(info, typename, [representations[index] for index in indexes])
        for index, entity in zip(indexes, entities, strict=True):
            results[index] = entity

    await asyncio.gather(*(resolve(typename, indexes) for typename, indexes in groups.items()))
    return results


async def _resolve_group(
    info: Info, typename: str, representations: Sequence[Representation]
) -> Sequence[object | None]:
    known = info.schema.schema_converter.type_map.get(typename)
    if known is None or not isinstance(known.definition, StrawberryObjectDefinition):
        return [BadUserInput(f"No entity is called {typename}") for _ in representations]
    type_ = cast("EntityType", known.implementation)
    references = [_reference(type_, representation) for representation in representations]
    sound = [reference for reference in references if not isinstance(reference, Exception)]
    resolved = iter(await _resolve_references(info, known.definition.origin, sound))
    return [reference if isinstance(reference, Exception) else next(resolved) for reference in references]


async def _resolve_references(info: Info, origin: Any, references: list[Reference]) -> Sequence[object | None]:
    """Ask the type itself: in one batch, else one by one, else it is a stub that its key alone makes.

    A batch that fails is tried again one by one, so that one bad reference does not cost the others.
    """
    resolve_many: ResolveMany | None = getattr(origin, "resolve_references", None)
    if resolve_many is None:
        return await asyncio.gather(*(_resolve_one(info, origin, each) for each in references), return_exceptions=True)
    try:
        entities = await resolve_many(info, references)
    except Exception as error:  # noqa: BLE001 reported, and masked, at its index
        if len(references) == 1:
            return [error]
        alone = await asyncio.gather(*(_resolve_references(info, origin, [each]) for each in references))
        return [entity for (entity,) in alone]
    if len(entities) != len(references):
        fault = RuntimeError(f"{origin.__name__} resolved {len(references)} references to {len(entities)} entities")
        return [fault] * len(references)
    return entities


async def _resolve_one(info: Info, origin: Any, reference: Reference) -> object | None:
    resolve: Callable[..., Any] | None = getattr(origin, "resolve_reference", None)
    if resolve is None:
        return origin(**reference)
    entity = resolve(info, **reference)
    return await entity if isawaitable(entity) else entity


def _reference(type_: EntityType, representation: Representation) -> Reference | Exception:
    try:
        return _fields(type_, representation)
    except (GraphQLError, ValueError, TypeError, LookupError) as error:
        refusal = BadUserInput(f"Malformed reference to {type_.name}")
        refusal.__cause__ = error
        return refusal


def _fields(type_: EntityType, values: Representation) -> Reference:
    reference: Reference = {}
    for name, value in values.items():
        if name != "__typename":
            field = type_.fields[name]
            definition = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
            reference[definition.python_name] = _parse(field.type, value)
    return reference


def _parse(type_: object, value: Any) -> Any:
    """Give a field's JSON value the Python type its resolvers work with."""
    inner: object = getattr(type_, "of_type", None)
    match type_:
        case GraphQLNonNull():
            if value is None:
                raise ValueError("null in a non-null field")
            return _parse(inner, value)
        case _ if value is None:
            return None
        case GraphQLList():
            return [_parse(inner, item) for item in value]
        case GraphQLObjectType() | GraphQLInterfaceType():
            return _fields(type_, value)
        case _ if is_leaf_type(type_):
            return type_.coerce_input_value(value)
        case _:
            raise TypeError(f"{type_} cannot be part of a reference")
