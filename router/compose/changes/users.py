"""Which fields of a schema an operation must ask for to be touched by a change."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

FieldsType = GraphQLObjectType | GraphQLInterfaceType


class Users:
    """The fields by which clients use each part of a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._inputs: defaultdict[str, set[str]] = defaultdict(set)
        """By type: the input objects that have a field of it."""
        self._fields: defaultdict[str, set[str]] = defaultdict(set)
        """By type: the fields that are of it or take an argument of it."""
        for type_ in schema.type_map.values():
            self._note(type_)

    def _note(self, type_: GraphQLNamedType) -> None:
        if isinstance(type_, GraphQLInputObjectType):
            for part in type_.fields.values():
                self._inputs[_name(part.type)].add(type_.name)
        elif isinstance(type_, FieldsType):
            for name, field in type_.fields.items():
                for used in (field.type, *(argument.type for argument in field.args.values())):
                    self._fields[_name(used)].add(f"{type_.name}.{name}")

    def of(self, coordinate: str) -> list[frozenset[str]]:
        """Sets of coordinates: the first one of which anything was counted tells the use of `coordinate`.

        The more precise come first: an argument is used by those who give it; where arguments are not counted, by
        those who ask for its field. A type is used by those who ask for its fields or for fields of it.
        """
        owner, separator, name = coordinate.partition(".")
        type_ = self._schema.get_type(owner)
        if not isinstance(type_, FieldsType):
            return [*([frozenset({coordinate})] if separator else []), frozenset({owner, *self._leading_to(owner)})]
        if not separator:
            own = {f"{owner}.{field}" for field in type_.fields}
            return [frozenset({owner, *own, *self._leading_to(owner)})]
        field, argument, _ = name.partition("(")
        fields = frozenset(f"{each.name}.{field}" for each in (type_, *type_.interfaces))
        return [frozenset({coordinate}), fields] if argument else [fields]

    def _leading_to(self, name: str) -> Iterator[str]:
        pending, seen = [name], {name}
        while pending:
            at = pending.pop()
            yield from sorted(self._fields[at])
            inputs = self._inputs[at] - seen if self._is_input(at) else set[str]()
            seen |= inputs
            pending.extend(inputs)

    def _is_input(self, name: str) -> bool:
        type_ = self._schema.get_type(name)
        return isinstance(type_, GraphQLInputObjectType) or is_leaf_type(type_)


_named: Callable[[Any], GraphQLNamedType] = get_named_type
"""Lists of unknown items are all that graphql-core's own types would tell."""


def _name(type_: Any) -> str:
    return _named(type_).name
