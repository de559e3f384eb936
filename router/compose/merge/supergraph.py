"""Merge subgraphs."""

from collections.abc import Iterator, Sequence

from router.compose.hints import Hint, HintCode
from router.compose.merge.applied import merge_applied
from router.compose.merge.compose_directives import requested_directives
from router.compose.merge.context import Merge
from router.compose.merge.directive_definitions import define_one_of, merge_directive_definitions
from router.compose.merge.features import (
    ComposedFeature,
    composed_directives,
    composed_features,
    link_connectors,
    link_features,
    link_requested,
)
from router.compose.merge.interfaces import extend_implementations
from router.compose.merge.roots import merge_roots, merge_schema_definition
from router.compose.merge.types import declare_types, merge_enums, merge_types
from router.compose.merge.validate import validate
from router.compose.model import EnumType, EnumValue
from router.compose.rules import interface_object_usage_error, link_import_name_mismatch, no_queries
from router.compose.rules.directive_composition_error import Requests
from router.compose.subgraph import SubgraphSchema
from router.federation.join import graph_names, join_for
from router.federation.versions import Version


def merge_subgraphs(subgraphs: Sequence[SubgraphSchema]) -> Merge:
    """Merge subgraphs, all of Federation 2 by now, into a supergraph, along with what stands against it."""
    versions = [implied_version(subgraph) for subgraph in subgraphs]
    federation = max(versions, default=Version(2, 0))
    features = composed_features(subgraphs, federation)
    requests = Requests(subgraphs)
    names = graph_names(subgraph.name for subgraph in subgraphs)
    merge = Merge(
        subgraphs=subgraphs,
        graphs=[names[subgraph.name] for subgraph in subgraphs],
        federation=federation,
        join=join_for(federation),
        composed={**composed_directives(features), **requested_directives(subgraphs, requests.features)},
        errors=[*requests.errors, *link_import_name_mismatch.check(subgraphs)],
        hints=[*requests.hints, *_upgrade_hints(subgraphs, versions)],
    )
    if not merge.errors:
        _merge(merge, features)
        link_requested(merge.supergraph, [chosen.supergraph_link() for chosen in requests.features])
        validate(merge)
    return merge


def implied_version(subgraph: SubgraphSchema) -> Version:
    """The version of Federation that a subgraph links to, or that the other features it links to came with."""
    features = (link.feature for link in subgraph.links)
    implied = [known.minimum_federation for known in features if known is not None]
    return max([subgraph.version, *(version for version in implied if version is not None)])


def _upgrade_hints(subgraphs: Sequence[SubgraphSchema], versions: Sequence[Version]) -> Iterator[Hint]:
    for subgraph, version in zip(subgraphs, versions, strict=True):
        if version > subgraph.version:
            message = f'"{subgraph.name}" links to Federation {subgraph.version}, but to features of {version}.'
            yield Hint(HintCode.IMPLICITLY_UPGRADED_FEDERATION_VERSION, message)


def _merge(merge: Merge, features: Sequence[ComposedFeature]) -> None:
    merge_roots(merge)
    declare_types(merge)
    interface_object_usage_error.check_interface_exists(merge)
    merge_types(merge)
    merge_directive_definitions(merge)
    merge_enums(merge)
    merge_schema_definition(merge)
    no_queries.check(merge)
    merge_applied(merge)
    define_one_of(merge)
    extend_implementations(merge)
    link_features(merge.supergraph, merge.federation, features)
    link_connectors(merge.supergraph, merge.subgraphs)
    _list_graphs(merge)


def _list_graphs(merge: Merge) -> None:
    graph = merge.supergraph.types["join__Graph"]
    if isinstance(graph, EnumType):
        for value, subgraph in zip(merge.graphs, merge.subgraphs, strict=True):
            joined = merge.join_directive("graph", {"name": subgraph.name, "url": subgraph.url})
            graph.values[value] = EnumValue(name=value, coordinate=f"join__Graph.{value}", directives=[joined])
