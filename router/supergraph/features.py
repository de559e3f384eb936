"""Whether a supergraph is one we can serve: what it links to, and what for.

Source: https://specs.apollo.dev/link/v1.0, section "for"; https://specs.apollo.dev/join
"""

from collections.abc import Iterator

from graphql import DocumentNode, SchemaDefinitionNode, SchemaExtensionNode

from router.federation.errors import FederationError
from router.federation.features import FEATURES, JOIN
from router.federation.urls import FeatureUrl
from router.federation.versions import Version
from router.supergraph.errors import SupergraphError, UnsupportedFeatureError
from router.supergraph.values import arguments_of, text

_JOIN_VERSIONS = frozenset(Version(0, minor) for minor in range(1, 6))
_KNOWN = frozenset({JOIN, *(identity for identity, _ in FEATURES)})
_NEEDED = frozenset({"EXECUTION", "SECURITY"})


def check_features(document: DocumentNode) -> None:
    """Look at the links of a supergraph.

    Raises:
        SupergraphError: it uses a version of the join specification that we do not know.
        UnsupportedFeatureError: it cannot be executed, or not safely, without a feature that we do not know.
    """
    for url, purpose in _links(document):
        if url.identity == JOIN and url.version not in _JOIN_VERSIONS:
            known = ", ".join(map(str, sorted(_JOIN_VERSIONS)))
            raise SupergraphError(f"The supergraph uses version {url.version} of join; known are {known}.")
        if purpose in _NEEDED and url.identity not in _KNOWN:
            raise UnsupportedFeatureError(f'The supergraph needs "{url}" for {purpose}, which is not supported.')


def _links(document: DocumentNode) -> Iterator[tuple[FeatureUrl, str | None]]:
    """The address of each link, and its purpose."""
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in node.directives or ():
                arguments = arguments_of(directive)
                address = text(arguments.get("url", arguments.get("feature")))
                if address is not None and directive.name.value in {"link", "core"}:
                    yield _parse(address), text(arguments.get("for"))


def _parse(address: str) -> FeatureUrl:
    try:
        return FeatureUrl.parse(address)
    except FederationError as error:
        raise SupergraphError(error.errors[0].message) from error
