"""Read access directives where they stand."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    ValueNode,
)

from router.supergraph.access.names import directive_names
from router.supergraph.access.requirements import AccessKind, Requirement, Requirements
from router.supergraph.errors import SupergraphError
from router.supergraph.values import arguments_of, text

_ARGUMENTS = {AccessKind.SCOPES: "scopes", AccessKind.POLICIES: "policies"}


@dataclass(slots=True)
class Stated:
    """What a supergraph says itself.

    Attributes:
        types: by name, where anything is said.
        fields: by type and field, where anything is said.
    """

    types: dict[str, Requirements] = field(default_factory=dict[str, Requirements])
    fields: dict[tuple[str, str], Requirements] = field(default_factory=dict[tuple[str, str], Requirements])

    def __bool__(self) -> bool:
        return bool(self.types or self.fields)


def read_access(document: DocumentNode) -> Stated:
    """The directives of a supergraph.

    Raises:
        SupergraphError: one of them does not say what it asks for.
    """
    kinds = {name: kind for kind in AccessKind for name in directive_names(document, kind.value)}
    stated = Stated()
    for node in document.definitions:
        if isinstance(node, TypeDefinitionNode):
            own = _requirements(node, kinds)
            if own:
                stated.types[node.name.value] = own
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
                for each in node.fields or ():
                    found = _requirements(each, kinds)
                    if found:
                        stated.fields[node.name.value, each.name.value] = found
    return stated


def _requirements(node: TypeDefinitionNode | FieldDefinitionNode, kinds: Mapping[str, AccessKind]) -> Requirements:
    """Those of one element; a directive that stands there twice has to be met twice."""
    directives = cast("Collection[DirectiveNode]", cast("Any", node).directives or ())
    return frozenset(
        _requirement(each, kinds[each.name.value], node.name.value) for each in directives if each.name.value in kinds
    )


def _requirement(directive: DirectiveNode, kind: AccessKind, element: str) -> Requirement:
    if kind is AccessKind.AUTHENTICATED:
        return Requirement(kind)
    value = arguments_of(directive).get(_ARGUMENTS[kind])
    if value is None:
        raise SupergraphError(f"@{directive.name.value} of {element} does not say what it asks for.")
    options = frozenset(frozenset(_texts(each, element)) for each in _items(value))
    return Requirement(kind, frozenset(each for each in options if not any(other < each for other in options)))


def _items(value: ValueNode) -> Collection[ValueNode]:
    """The items of a list; anything else is a list of one, as in every input."""
    return value.values if isinstance(value, ListValueNode) else (value,)


def _texts(value: ValueNode, element: str) -> Iterator[str]:
    for item in _items(value):
        name = text(item)
        if name is None:
            raise SupergraphError(f"{element} asks for something that is no name of a scope or policy.")
        yield name
