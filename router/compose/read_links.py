"""Read the links of a subgraph's schema definition."""

from collections.abc import Iterator, Mapping

from graphql import DirectiveNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode

from router.compose.rules import invalid_link_directive_usage as usage
from router.compose.rules import unknown_federation_link_version, unknown_link_version
from router.federation.errors import CompositionError, FederationError, locations
from router.federation.features import CORE, FEDERATION, LINK
from router.federation.links import Link, Links
from router.federation.urls import FeatureUrl
from router.federation.values import Value, value_of
from router.federation.versions import Version

_LINK_ITSELF = FeatureUrl(LINK, "link", Version(1, 0))


def read_links(document: DocumentNode) -> tuple[Links, list[CompositionError]]:
    """The links of a document, none for a plain schema, and what keeps others from being links.

    Raises:
        FederationError: the link to the link specification itself is malformed.

    """
    directives = list(_schema_directives(document))
    itself = _link_to_link(directives)
    if itself is None:
        return Links(), []
    errors = list(unknown_link_version.check(itself))
    if errors:
        return Links(), errors
    links = Links()
    links.add(itself)
    for node in directives:
        if node.name.value != itself.alias or node is itself.node:
            continue
        try:
            links.add(_read(node, links))
        except FederationError as refused:
            errors.extend(CompositionError(each.code, each.message, locations(node)) for each in refused.errors)
    return links, [*errors, *unknown_federation_link_version.check(links)]


def _schema_directives(document: DocumentNode) -> Iterator[DirectiveNode]:
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            yield from node.directives or ()


def _link_to_link(directives: list[DirectiveNode]) -> Link | None:
    """The link by which the schema can link at all, said or understood."""
    for node in directives:
        arguments = _arguments(node)
        address = arguments.get("url", arguments.get("feature"))
        if not isinstance(address, str) or not address.startswith((LINK + "/", CORE + "/")):
            continue
        url = FeatureUrl.parse(address)
        alias = arguments.get("as")
        alias = alias if isinstance(alias, str) else url.name
        if node.name.value == alias and url.identity in {LINK, CORE}:
            imports = tuple(usage.imports(arguments.get("import"), url))
            return Link(url, alias, imports, node=node)
    understood = any(
        node.name.value == "link" and str(_arguments(node).get("url")).startswith(FEDERATION) for node in directives
    )
    return Link(_LINK_ITSELF, "link") if understood else None


def _arguments(node: DirectiveNode) -> Mapping[str, Value]:
    return {argument.name.value: value_of(argument.value) for argument in node.arguments or ()}


def _read(node: DirectiveNode, links: Links) -> Link:
    arguments = _arguments(node)
    address = arguments.get("url", arguments.get("feature"))
    url = FeatureUrl.parse(address if isinstance(address, str) else "")
    alias, purpose = arguments.get("as"), arguments.get("for")
    link = Link(
        url,
        alias if isinstance(alias, str) else url.name,
        tuple(usage.imports(arguments.get("import"), url)),
        purpose if isinstance(purpose, str) else None,
        node,
    )
    usage.check(link, links)
    return link
