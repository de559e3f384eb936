"""Everything is declared once.

Source: https://spec.graphql.org/October2021/#sec-Schema, #sec-Types, and the uniqueness rule of each kind of type.
"""

from collections.abc import Iterable, Iterator, Sequence

from graphql import (
    DirectiveDefinitionNode,
    ExecutableDefinitionNode,
    FieldDefinitionNode,
    NamedTypeNode,
    NameNode,
    Node,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
)

from router.compose.model import BUILT_IN_SCALARS
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError

_Named = tuple[str, Node]


def check_types(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at the names of types, without which nothing else is understood."""
    definitions = subgraph.document.definitions
    types = [node for node in definitions if isinstance(node, TypeDefinitionNode)]
    yield from _twice("type", _by_name(node for node in types if node.name.value not in BUILT_IN_SCALARS))
    for node in definitions:
        if isinstance(node, TypeExtensionNode) and node.name.value in BUILT_IN_SCALARS:
            yield invalid(f'The built-in type "{node.name.value}" cannot be extended. Define a scalar instead.', node)


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at the document, as the schema keeps the first of each name only."""
    definitions = subgraph.document.definitions
    for node in definitions:
        if isinstance(node, ExecutableDefinitionNode):
            yield invalid("A schema holds no operations or fragments.", node)
    yield from _schemas(subgraph)
    yield from _twice("directive", _by_name(node for node in definitions if isinstance(node, DirectiveDefinitionNode)))
    parts: dict[str, list[TypeDefinitionNode | TypeExtensionNode]] = {}
    for node in definitions:
        if isinstance(node, TypeDefinitionNode | TypeExtensionNode):
            parts.setdefault(node.name.value, []).append(node)
    for name, nodes in parts.items():
        yield from _parts_of(name, nodes)
    for node in definitions:
        if isinstance(node, DirectiveDefinitionNode):
            yield from _twice(f'argument of "@{node.name.value}"', _by_name(node.arguments or ()))


def _schemas(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    schemas = [node for node in subgraph.document.definitions if isinstance(node, SchemaDefinitionNode)]
    if len(schemas) > 1:
        yield invalid("There can be only one schema definition.", *schemas)
    operations = [
        (operation.operation.value, operation)
        for node in subgraph.document.definitions
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode)
        for operation in node.operation_types or ()
    ]
    yield from _twice("root type of the schema", operations)


def _parts_of(name: str, nodes: Sequence[TypeDefinitionNode | TypeExtensionNode]) -> Iterator[CompositionError]:
    for what, attribute in (("field", "fields"), ("value", "values"), ("member", "types"), ("interface", "interfaces")):
        found: list[Node] = [part for node in nodes for part in getattr(node, attribute, None) or ()]
        yield from _twice(f'{what} of "{name}"', _by_name(found))
        for part in found:
            if isinstance(part, FieldDefinitionNode):
                yield from _twice(f'argument of "{name}.{part.name.value}"', _by_name(part.arguments or ()))


def _by_name(nodes: Iterable[Node]) -> list[_Named]:
    found: list[_Named] = []
    for node in nodes:
        name: NameNode | None = getattr(node, "name", None)
        if name is not None:
            found.append((name.value, node))
    return found


def _twice(what: str, named: Sequence[_Named]) -> Iterator[CompositionError]:
    if len(named) == len({name for name, _ in named}):
        return
    seen: dict[str, Node] = {}
    for name, node in named:
        if name in seen:
            verb = "named" if isinstance(node, NamedTypeNode) else "defined"
            yield invalid(f'The {what} "{name}" is {verb} twice.', seen[name], node)
        seen.setdefault(name, node)
