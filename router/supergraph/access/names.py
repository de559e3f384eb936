"""What a supergraph calls the directives of a specification: a link may rename them.

Source: https://specs.apollo.dev/link/v1.0, section "name conventions".
"""

from collections.abc import Iterator

from graphql import DocumentNode, ListValueNode, ObjectValueNode, SchemaDefinitionNode, SchemaExtensionNode, ValueNode

from router.federation.errors import FederationError
from router.federation.features import FEDERATION
from router.federation.links import Import, Link
from router.federation.urls import FeatureUrl
from router.supergraph.values import arguments_of, text

_HOST = "https://specs.apollo.dev/"


def directive_names(document: DocumentNode, feature: str, element: str | None = None) -> frozenset[str]:
    """The names of a directive of a feature, or of the one that bears the feature's name, without `@`.

    A supergraph that does not say where the directive is from means ours, unless the name is somebody else's there:
    what is not understood would not be enforced.
    """
    wanted = element or feature
    links = list(_links(document))
    own = {f"{_HOST}{feature}", FEDERATION}
    names = frozenset(link.directive_name(wanted) for link in links if link.url.identity in own)
    if any(link.url.identity == f"{_HOST}{feature}" for link in links):
        return names
    taken = {link.alias for link in links} | {each.alias.removeprefix("@") for link in links for each in link.imports}
    return names if wanted in taken else names | {wanted}


def _links(document: DocumentNode) -> Iterator[Link]:
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in node.directives or ():
                arguments = arguments_of(directive)
                address = text(arguments.get("url", arguments.get("feature")))
                if directive.name.value in {"link", "core"} and address is not None:
                    try:
                        url = FeatureUrl.parse(address)
                    except FederationError:
                        continue  # the check of features says so
                    yield Link(url, text(arguments.get("as")) or url.name, tuple(_imports(arguments.get("import"))))


def _imports(value: ValueNode | None) -> Iterator[Import]:
    for item in value.values if isinstance(value, ListValueNode) else ():
        given = {each.name.value: text(each.value) for each in item.fields} if isinstance(item, ObjectValueNode) else {}
        name = given.get("name") or text(item)
        if name is not None:
            yield Import(name, given.get("as") or name)
