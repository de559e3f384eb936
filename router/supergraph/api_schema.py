"""The schema that clients see."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLDeferDirective,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
    print_schema,
)

from router.supergraph.machinery import Machinery

_Node = TypeVar("_Node")
_KEPT_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})


def build_api_schema(supergraph: DocumentNode) -> GraphQLSchema:
    """The supergraph without join and link machinery, and without anything `@inaccessible`."""
    return build_ast_schema(api_document(supergraph), assume_valid=True)


def with_defer(schema: GraphQLSchema) -> GraphQLSchema:
    """The same schema for clients that may use `@defer`."""
    others = [each for each in schema.directives if each.name != GraphQLDeferDirective.name]
    arguments = schema.to_kwargs()
    arguments["directives"] = (*others, GraphQLDeferDirective)
    return GraphQLSchema(**arguments)


def api_sdl(supergraph_sdl: str) -> str:
    """The same, from text to text."""
    return print_schema(build_api_schema(parse(supergraph_sdl, no_location=True))) + "\n"


def api_document(supergraph: DocumentNode) -> DocumentNode:
    """The definitions that clients see."""
    machinery = Machinery.of(supergraph)
    hidden = {
        definition.name.value
        for definition in supergraph.definitions
        if isinstance(definition, TypeDefinitionNode) and machinery.is_inaccessible(definition)
    }
    scrubber = _Scrubber(machinery, hidden)
    definitions = (scrubber.definition(node) for node in supergraph.definitions if not machinery.owns(node))
    return DocumentNode(definitions=tuple(node for node in definitions if node is not None))


class _Scrubber:
    """Copies definitions without what clients must not see."""

    def __init__(self, machinery: Machinery, hidden: Collection[str]) -> None:
        self._machinery = machinery
        self._hidden = hidden

    def definition(self, node: DefinitionNode) -> DefinitionNode | None:
        match node:
            case SchemaDefinitionNode():
                roots = tuple(each for each in node.operation_types if each.type.name.value not in self._hidden)
                return replace(node, directives=(), operation_types=roots)
            case DirectiveDefinitionNode():
                return replace(node, arguments=self._inputs(node.arguments))
            case TypeDefinitionNode() if node.name.value in self._hidden:
                return None
            case _:
                return replace(node, **self._parts(node))

    def _parts(self, node: DefinitionNode) -> dict[str, Any]:
        parts: dict[str, Any] = {"directives": self._directives(node)}
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                parts["fields"] = tuple(self._field(each) for each in self._accessible(node.fields))
                parts["interfaces"] = tuple(
                    each for each in node.interfaces or () if each.name.value not in self._hidden
                )
            case UnionTypeDefinitionNode():
                parts["types"] = tuple(each for each in node.types or () if each.name.value not in self._hidden)
            case EnumTypeDefinitionNode():
                parts["values"] = tuple(
                    replace(each, directives=self._directives(each)) for each in self._accessible(node.values)
                )
            case InputObjectTypeDefinitionNode():
                parts["fields"] = self._inputs(node.fields)
            case _:
                pass
        return parts

    def _field(self, node: FieldDefinitionNode) -> FieldDefinitionNode:
        return replace(node, arguments=self._inputs(node.arguments), directives=self._directives(node))

    def _inputs(self, nodes: Sequence[InputValueDefinitionNode] | None) -> tuple[InputValueDefinitionNode, ...]:
        return tuple(replace(each, directives=self._directives(each)) for each in self._accessible(nodes))

    def _accessible(self, nodes: Sequence[_Node] | None) -> list[_Node]:
        return [node for node in nodes or () if not self._machinery.is_inaccessible(node)]

    def _directives(self, node: Any) -> tuple[DirectiveNode, ...]:
        directives = cast("Sequence[DirectiveNode]", node.directives or ())
        return tuple(each for each in directives if each.name.value in _KEPT_DIRECTIVES)
