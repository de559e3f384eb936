"""ROOT_QUERY_USED, ROOT_MUTATION_USED, ROOT_SUBSCRIPTION_USED: the name of a root type given to another type.

A supergraph has root types of the default names, so that a root type of another name is renamed to them.
"""

from collections.abc import Iterator

from graphql import SchemaDefinitionNode, SchemaExtensionNode, TypeDefinitionNode, TypeExtensionNode

from router.compose.model import ROOT_NAMES
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations

_CODES = {
    "query": ErrorCode.ROOT_QUERY_USED,
    "mutation": ErrorCode.ROOT_MUTATION_USED,
    "subscription": ErrorCode.ROOT_SUBSCRIPTION_USED,
}


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Where the schema names its root types, no other type may bear a default name."""
    definitions = subgraph.document.definitions
    types = {node.name.value: node for node in definitions if isinstance(node, TypeDefinitionNode | TypeExtensionNode)}
    for node in definitions:
        if not isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            continue
        for operation in node.operation_types or ():
            kind, name = operation.operation.value, operation.type.name.value
            other = types.get(ROOT_NAMES[kind])
            if name != ROOT_NAMES[kind] and other is not None:
                yield CompositionError(
                    _CODES[kind],
                    f'The {kind} root type is "{name}", and another type is named "{ROOT_NAMES[kind]}", which the '
                    f"supergraph needs for it. Rename that type.",
                    locations(operation, other),
                )
