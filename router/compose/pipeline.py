"""Composition from end to end."""

from collections.abc import Sequence
from dataclasses import dataclass

from router.compose.hints import Hint
from router.compose.merge.supergraph import merge_subgraphs
from router.compose.printer import print_schema
from router.compose.read import read
from router.compose.subgraph import Subgraph, SubgraphSchema
from router.compose.upgrade import upgrade_all
from router.federation.errors import CompositionError, FederationError


@dataclass(frozen=True, slots=True)
class Composed:
    """Subgraphs that make a supergraph."""

    supergraph_sdl: str
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Subgraphs that do not, and all that was found against them."""

    errors: tuple[CompositionError, ...]


def compose(subgraphs: Sequence[Subgraph]) -> Composed | Refused:
    """Compose subgraphs into a supergraph; neither their order nor that of their definitions matters."""
    try:
        merge = merge_subgraphs(upgrade_all(_read_all(subgraphs)))
    except FederationError as refused:
        return Refused(refused.errors)
    if merge.errors:
        return Refused(tuple(merge.errors))
    return Composed(print_schema(merge.supergraph), tuple(merge.hints))


def _read_all(subgraphs: Sequence[Subgraph]) -> list[SubgraphSchema]:
    errors: list[CompositionError] = []
    found: list[SubgraphSchema] = []
    for subgraph in sorted(subgraphs, key=lambda each: each.name):
        try:
            found.append(read(subgraph))
        except FederationError as refused:
            errors.extend(error.within(subgraph.name) for error in refused.errors)
    if errors:
        raise FederationError(errors)
    return found
