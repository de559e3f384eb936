"""Merge schema definitions."""

from router.compose.merge.context import Merge
from router.compose.merge.descriptions import merge_description
from router.compose.merge.join_directives import join_directives
from router.compose.model import ROOT_NAMES


def merge_roots(merge: Merge) -> None:
    """Give the supergraph the root types that any subgraph has fields for."""
    for kind, name in ROOT_NAMES.items():
        for subgraph in merge.subgraphs:
            type_ = subgraph.schema.fields_type(subgraph.schema.roots.get(kind, ""))
            if type_ is not None and type_.fields:
                merge.supergraph.roots[kind] = name


def merge_schema_definition(merge: Merge) -> None:
    """Merge what subgraphs say of their schemas themselves."""
    sources = {index: subgraph.schema.itself for index, subgraph in enumerate(merge.subgraphs)}
    merge_description(merge, sources, merge.supergraph.itself)
    merge.pending.append((sources, merge.supergraph.itself))
    join_directives(merge, sources, merge.supergraph.itself)
