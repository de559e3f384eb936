"""The projection: the client's selection over the merged data."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Iterator, Sequence
from typing import Any, cast

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLString,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
)

from router.federation.type_ref import ListOf, Named, NonNull, TypeRef
from router.plan.conditions import When
from router.plan.nodes import DeferredSelections, ProjectedField
from router.plan.positions import Position
from router.plan.selections import TYPENAME, SelectedField, Selection
from router.supergraph.model import Supergraph, list_depth

_META_TYPES = {
    TYPENAME: GraphQLNonNull(GraphQLString),
    "__schema": SchemaMetaFieldDef.type,
    "__type": TypeMetaFieldDef.type,
}


class Projection:
    """Projects selections; remembers the types it met."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._schema = supergraph.api_schema
        self._types: dict[TypeRef, GraphQLOutputType] = {}

    def fields(self, selection: Selection, position: Position) -> tuple[ProjectedField, ...]:
        """The fields of the objects at a position."""
        selected = [each for each in selection.fields if not each.internal]
        if not selection.denied and not any(each.turns for each in selected):
            return tuple(self._field(each, position, each.when) for each in selected)
        placed = [(place, self._field(each, position, when)) for each in selected for place, when in _turns(each)]
        placed += [(place, self._denied(each, when)) for each in selection.denied for place, when in _turns(each)]
        placed.sort(key=lambda turn: turn[0])
        return tuple(field for _, field in placed)

    def deferred(self, selection: Selection, position: Position) -> tuple[DeferredSelections, ...]:
        """What comes later of the objects at a position."""
        return tuple(DeferredSelections(each.part - 1, self.fields(each, position)) for each in selection.deferred)

    def _field(self, field: SelectedField, position: Position, when: When) -> ProjectedField:
        slot = position.by_field[id(field)]
        below = slot.child
        return ProjectedField(
            key=field.key,
            source=slot.key,
            field_name=field.name,
            type=_META_TYPES[field.name] if field.type is None else self._type(field.type),
            on=field.on,
            when=when,
            selections=() if below is None or field.selection is None else self.fields(field.selection, below),
            typename_key=TYPENAME if below is None else below.typename_key,
            deferred=() if below is None or field.selection is None else self.deferred(field.selection, below),
            unseen=frozenset() if field.selection is None else field.selection.unseen,
        )

    def _denied(self, field: SelectedField, when: When) -> ProjectedField:
        """A field that is not to be seen; no data is under its source, an empty key."""
        type_ = GraphQLString if field.type is None else self._type(field.type)
        return ProjectedField(field.key, "", field.name, type_, field.on, when, denied=True)

    def _type(self, ref: TypeRef) -> GraphQLOutputType:
        known = self._types.get(ref)
        if known is None:
            known = self._types[ref] = self._make(ref)
        return known

    def _make(self, ref: TypeRef) -> GraphQLOutputType:
        match ref:
            case NonNull(of):
                return GraphQLNonNull(cast("Any", self._type(of)))
            case ListOf(of):
                return GraphQLList(self._type(of))
            case Named(name):
                return cast("GraphQLOutputType", self._schema.type_map[name])


def denied_places(selection: Selection) -> Iterator[tuple[str, ...]]:
    """The places of fields that the caller may not see: response keys, with "@" for the items of a list."""
    for each in selection.denied:
        yield (each.key,)
    for key in selection.hidden:
        yield (key,)
    for each in selection.deferred:
        yield from denied_places(each)
    for each in selection.fields:
        if each.selection is not None and each.type is not None and not each.internal:
            for place in denied_places(each.selection):
                yield (each.key, *("@",) * list_depth(each.type), *place)


def _turns(field: SelectedField) -> Sequence[tuple[int, When]]:
    """The places of a field, each with the conditions under which it is there."""
    return field.turns or ((field.place, field.when),)
