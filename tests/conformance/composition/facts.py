"""What a supergraph says, apart from the order and the manner it says it in."""

import re
from collections.abc import Iterator

from graphql import (
    ArgumentNode,
    ConstValueNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    EnumTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    ValueNode,
    parse,
)
from graphql.language import print_ast

_IMPLIED = {("resolvable", "true"), ("extension", "false"), ("isInterfaceObject", "false")}
_BRACE = re.compile(r"([{}])")
_UNORDERED = {"import", "graphs", "scopes", "policies"}


def facts(sdl: str) -> frozenset[str]:
    """Each type, field, argument and directive application of a supergraph as a sentence; no descriptions."""
    return frozenset(fact for node in parse(sdl, no_location=True).definitions for fact in _of(node))


def _of(node: Node) -> Iterator[str]:
    if isinstance(node, SchemaDefinitionNode):
        yield from _applied("schema", node.directives or ())
        for root in node.operation_types:
            yield f"the {root.operation.value} root is {root.type.name.value}"
    elif isinstance(node, DirectiveDefinitionNode):
        locations = " | ".join(sorted(location.value for location in node.locations))
        name = f"@{node.name.value}"
        yield f"{name} stands on {locations}{' repeatedly' if node.repeatable else ''}"
        yield from _inputs(name, node.arguments or ())
    elif isinstance(node, TypeDefinitionNode):
        yield f"{node.name.value} is a {node.kind}"
        yield from _applied(node.name.value, node.directives or ())
        yield from _parts(node)


def _parts(node: TypeDefinitionNode) -> Iterator[str]:
    name = node.name.value
    match node:
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            for interface in node.interfaces or ():
                yield f"{name} implements {interface.name.value}"
            for field in node.fields or ():
                at = f"{name}.{field.name.value}"
                yield f"{at} is a {print_ast(field.type)}"
                yield from _applied(at, field.directives or ())
                yield from _inputs(at, field.arguments or ())
        case UnionTypeDefinitionNode():
            for member in node.types or ():
                yield f"{name} includes {member.name.value}"
        case EnumTypeDefinitionNode():
            for value in node.values or ():
                at = f"{name}.{value.name.value}"
                yield f"{at} is a value"
                yield from _applied(at, value.directives or ())
        case InputObjectTypeDefinitionNode():
            yield from _inputs(name, node.fields or ())
        case _:
            return


def _inputs(owner: str, nodes: tuple[InputValueDefinitionNode, ...]) -> Iterator[str]:
    for node in nodes:
        at = f"{owner}({node.name.value}:)"
        default = "" if node.default_value is None else f" = {_value(node.default_value)}"
        yield f"{at} is a {print_ast(node.type)}{default}"
        yield from _applied(at, node.directives or ())


def _applied(at: str, nodes: tuple[DirectiveNode, ...]) -> Iterator[str]:
    for node in nodes:
        said = ((argument.name.value, _argument(argument)) for argument in node.arguments or ())
        told = ", ".join(f"{name}: {value}" for name, value in sorted(said) if (name, value) not in _IMPLIED)
        yield f"{at} has @{node.name.value}({told})"


def _argument(node: ArgumentNode) -> str:
    return _value(node.value, unordered=node.name.value in _UNORDERED)


def _value(node: ValueNode | ConstValueNode, *, unordered: bool = False) -> str:
    match node:
        case ListValueNode(values=values):
            items = [_value(value, unordered=unordered) for value in values]
            return f"[{', '.join(sorted(items) if unordered else items)}]"
        case ObjectValueNode(fields=fields):
            items = [f"{field.name.value}: {_value(field.value)}" for field in fields]
            return f"{{{', '.join(sorted(items))}}}"
        case StringValueNode(value=value):
            # field sets are free in their white space and commas
            return '"' + " ".join(_BRACE.sub(r" \1 ", value.replace(",", " ")).split()) + '"'
        case _:
            return print_ast(node)
