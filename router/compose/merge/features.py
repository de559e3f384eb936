"""Which features the supergraph links to, so that it can carry what subgraphs apply."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import DirectiveDefinitionNode, parse

from router.compose.build import Builder
from router.compose.merge.composed import FEDERATION_COMPOSED, THROUGH_JOIN, ComposedDirective
from router.compose.model import Applied, DirectiveDefinition, Schema, elements
from router.compose.read import define_feature
from router.compose.subgraph import SubgraphSchema
from router.federation.features import CONNECT, FEATURES, LINK, Feature
from router.federation.join import join_for
from router.federation.links import Import, Link
from router.federation.urls import FeatureUrl
from router.federation.values import EnumName, Value
from router.federation.versions import Version

_CONNECT_RELEASED = Version(0, 3)
"""The newest version of connectors that is no preview."""
_BUILT_IN = """
directive @deprecated(reason: String = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT
"""


@dataclass
class ComposedFeature:
    """A feature of the supergraph and the directives of it that subgraphs apply."""

    feature: Feature
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Local name of each directive, and its name in the supergraph."""

    def link(self) -> Link:
        """The link that gives its directives the names they are applied by."""
        url = FeatureUrl(self.feature.identity, self.feature.name, self.feature.version)
        plain = Link(url, url.name)
        imports = tuple(
            Import(f"@{local}", f"@{name}")
            for local, name in self.names.items()
            if local not in THROUGH_JOIN and plain.directive_name(local) != name
        )
        return Link(url, url.name, imports, self.feature.purpose)


def composed_features(subgraphs: Sequence[SubgraphSchema], federation: Version) -> list[ComposedFeature]:
    """The features of the federation directives that any subgraph applies, in the order of their names."""
    found: dict[str, ComposedFeature] = {}
    for subgraph in subgraphs:
        for applied in _applications(subgraph.schema):
            if applied.meaning in FEDERATION_COMPOSED:
                known = _supergraph_feature(applied.meaning, federation)
                composed = found.setdefault(known.identity, ComposedFeature(known))
                composed.names.setdefault(applied.meaning, applied.name)
    return [found[identity] for identity in sorted(found)]


def _applications(schema: Schema) -> Iterator[Applied]:
    for element in elements(schema):
        yield from element.directives
    for definition in schema.directives.values():
        for argument in definition.arguments.values():
            yield from argument.directives


def _supergraph_feature(meaning: str, federation: Version) -> Feature:
    """The newest version, of those `federation` allows, of the feature that defines the directive."""
    candidates = [
        known
        for known in FEATURES.values()
        if meaning in known.directives()
        and known.name != "federation"
        and (known.minimum_federation is None or known.minimum_federation <= federation or known.name == "cost")
    ]
    return max(candidates, key=lambda known: known.version)


def composed_directives(features: Iterable[ComposedFeature]) -> dict[str, ComposedDirective]:
    """Every directive the merge carries, by its name in the supergraph, those of GraphQL itself included."""
    found = {name: ComposedDirective(name, name, None, definition) for name, definition in _built_in().items()}
    for composed in features:
        definitions = Schema()
        define_feature(definitions, composed.link(), composed.feature)
        for local, name in composed.names.items():
            through_join = local in THROUGH_JOIN
            definition = definitions.directives[local if through_join else name]
            found[name] = ComposedDirective(name, local, composed.feature, definition, through_join)
    return found


def _built_in() -> Mapping[str, DirectiveDefinition]:
    builder = Builder(str, lambda _: None)
    nodes = parse(_BUILT_IN, no_location=True).definitions
    return {
        node.name.value: builder.directive(node, node.name.value)
        for node in nodes
        if isinstance(node, DirectiveDefinitionNode)
    }


def link_features(supergraph: Schema, federation: Version, features: Iterable[ComposedFeature]) -> None:
    """Link the supergraph to the link and join specifications and to `features`, and define what they define."""
    link = FEATURES[LINK, Version(1, 0)]
    supergraph.itself.directives.append(Applied("link", {"url": link.url}))
    define_feature(supergraph, _plain(link), link)
    join = join_for(federation)
    supergraph.itself.directives.append(Applied("link", {"url": join.url, "for": EnumName("EXECUTION")}))
    define_feature(supergraph, _plain(join), join)
    for composed in features:
        said = composed.link()
        supergraph.itself.directives.append(Applied("link", link_arguments(said)))
        if not THROUGH_JOIN.issuperset(composed.names):
            define_feature(supergraph, said, composed.feature)


def link_connectors(supergraph: Schema, subgraphs: Sequence[SubgraphSchema]) -> None:
    """Link the supergraph to connectors, which `@join__directive` carries, where any subgraph links to them.

    Routers ask for a version that is no preview, or for the one that subgraphs ask for, if that is newer.
    """
    linked = [subgraph.links.by_identity.get(CONNECT) for subgraph in subgraphs]
    versions = [link.url.version for link in linked if link is not None and link.feature is not None]
    if versions:
        connect = FEATURES[CONNECT, max(*versions, _CONNECT_RELEASED)]
        said: dict[str, Value] = {"url": connect.url, "for": EnumName("EXECUTION")}
        supergraph.itself.directives.append(Applied("link", said))


def link_requested(supergraph: Schema, links: Iterable[Link]) -> None:
    """Link the supergraph to the features of directives composed on request."""
    for link in links:
        if link.imports:
            supergraph.itself.directives.append(Applied("link", link_arguments(link)))


def _plain(known: Feature) -> Link:
    return Link(FeatureUrl(known.identity, known.name, known.version), known.name)


def link_arguments(link: Link) -> dict[str, Value]:
    """The arguments of the `@link` that says `link`."""
    said: dict[str, Value] = {"url": str(link.url)}
    if link.alias != link.url.name:
        said["as"] = link.alias
    if link.imports:
        said["import"] = [_imported(each) for each in link.imports]
    if link.purpose:
        said["for"] = EnumName(link.purpose)
    return said


def _imported(each: Import) -> Value:
    return each.name if each.name == each.alias else {"name": each.name, "as": each.alias}
