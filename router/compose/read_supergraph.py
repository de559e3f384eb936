"""Read a supergraph's SDL back into a typed schema."""

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLSyntaxError,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    Source,
    TypeDefinitionNode,
    parse,
)

from router.compose.build import Builder
from router.compose.model import ROOT_NAMES, Schema
from router.compose.read import directive_meaning
from router.compose.read_links import read_links
from router.federation.errors import CompositionError, ErrorCode, FederationError, locations
from router.federation.features import CORE, JOIN
from router.federation.links import Links

SUPERGRAPH = "supergraph"
"""What places in a supergraph's SDL are named for."""


def read_supergraph_schema(sdl: str) -> tuple[Schema, Links]:
    """The schema that `sdl` spells, machinery and all, and what it links to.

    Raises:
        FederationError: INVALID_FEDERATION_SUPERGRAPH, UNSUPPORTED_FEATURE, or what is wrong with a link.

    """
    try:
        document = parse(Source(sdl, SUPERGRAPH))
    except GraphQLSyntaxError as error:
        raise _refused(f"does not parse: {error.message}") from error
    links, faults = read_links(document)
    if faults:
        raise FederationError(faults)
    if CORE in links.by_identity:
        message = "A supergraph of Federation 1, which links by @core, cannot be changed: compose it with Federation 2."
        raise FederationError([CompositionError(ErrorCode.UNSUPPORTED_FEATURE, message)])
    if JOIN not in links.by_identity:
        raise _refused("does not link to the join specification; was it written by a composer?")
    return _schema(document, links), links


def is_machinery(links: Links, name: str) -> bool:
    """Whether a type of the supergraph belongs to a feature, and not to the graph."""
    return links.type(name) is not None


def _schema(document: DocumentNode, links: Links) -> Schema:
    builder = Builder(str, lambda name: directive_meaning(links, name))
    schema = Schema()
    for node in document.definitions:
        if isinstance(node, TypeDefinitionNode):
            type_ = builder.new_type(node)
            builder.declare(type_, node)
            schema.types[type_.name] = type_
        elif isinstance(node, DirectiveDefinitionNode):
            schema.directives[node.name.value] = builder.directive(node, node.name.value)
        elif isinstance(node, SchemaDefinitionNode):
            schema.itself.description = None if node.description is None else node.description.value
            schema.itself.directives.extend(builder.applied(node.directives))
            schema.roots.update({each.operation.value: each.type.name.value for each in node.operation_types})
        else:
            where = "an extension" if isinstance(node, SchemaExtensionNode) else f"a {node.kind}"
            fault = CompositionError(
                ErrorCode.INVALID_FEDERATION_SUPERGRAPH, f"A supergraph has no place for {where}.", locations(node)
            )
            raise FederationError([fault])
    for kind, name in ROOT_NAMES.items():
        if not schema.roots and name in schema.types:
            schema.roots[kind] = name
    return schema


def _refused(why: str) -> FederationError:
    message = f"The supergraph {why}"
    return FederationError([CompositionError(ErrorCode.INVALID_FEDERATION_SUPERGRAPH, message)])
