"""Carry into the supergraph the directives that subgraphs ask for with `@composeDirective`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.compose.merge.composed import ComposedDirective
from router.compose.model import Applied, DirectiveDefinition
from router.compose.subgraph import SubgraphSchema
from router.federation.links import Import, Link


@dataclass(frozen=True)
class Request:
    """One `@composeDirective` that can be met."""

    index: int
    applied: Applied
    link: Link
    local_name: str
    """What the feature calls the directive."""
    name: str
    """What the subgraph calls it."""

    @property
    def identity(self) -> str:
        return self.link.url.identity


@dataclass(frozen=True)
class Chosen:
    """A feature of whose directives some are composed, at the version the supergraph links to."""

    link: Link
    requests: tuple[Request, ...]

    def supergraph_link(self) -> Link:
        """The link that imports each composed directive by the name it is applied under."""
        names = {request.name: request.local_name for request in self.requests}
        imports = tuple(Import(f"@{local}", f"@{name}") for name, local in sorted(names.items()))
        return Link(self.link.url, self.link.url.name, imports)


def newest(
    links: Sequence[tuple[Link, bool]],
) -> Link | None:
    """The link to follow among those of several subgraphs to one feature, each with whether it is composed.

    What is composed outweighs what is not, and within a major version the newer one wins.
    """
    chosen: tuple[Link, bool] | None = None
    for link, composed in links:
        if chosen is None:
            chosen = (link, composed)
            continue
        other, other_composed = chosen
        if composed != other_composed:
            chosen = (link, composed) if composed else chosen
        elif link.url.version >= other.url.version:
            chosen = (link, composed)
    return chosen[0] if chosen is not None and chosen[1] else None


def requested_directives(
    subgraphs: Sequence[SubgraphSchema], features: Iterable[Chosen]
) -> Mapping[str, ComposedDirective]:
    """The directives to carry, by name."""
    found: dict[str, ComposedDirective] = {}
    for chosen in features:
        for request in chosen.requests:
            definition = _definition(subgraphs, chosen.link, request)
            if definition is not None:
                asking = frozenset(each.index for each in chosen.requests if each.name == request.name)
                found[request.name] = ComposedDirective(
                    request.name, request.local_name, None, definition, asked_by=asking
                )
    return found


def _definition(subgraphs: Sequence[SubgraphSchema], link: Link, request: Request) -> DirectiveDefinition | None:
    """The definition by the last subgraph that links to the chosen version."""
    for subgraph in reversed(subgraphs):
        here = subgraph.links.by_identity.get(request.identity)
        if here is not None and here.url.version == link.url.version:
            definition = subgraph.schema.directives.get(here.directive_name(request.local_name))
            if definition is not None:
                return definition
    return None
