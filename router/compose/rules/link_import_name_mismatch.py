"""LINK_IMPORT_NAME_MISMATCH: a directive of the supergraph that subgraphs call by different names."""

from collections.abc import Iterator, Sequence

from router.compose.merge.composed import FEDERATION_COMPOSED
from router.compose.model import elements
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(subgraphs: Sequence[SubgraphSchema]) -> Iterator[CompositionError]:
    """The supergraph has one name for each."""
    names: dict[tuple[str, str], dict[str, list[SubgraphSchema]]] = {}
    for subgraph in subgraphs:
        for identity, meaning, name in _used(subgraph):
            names.setdefault((identity, meaning), {}).setdefault(name, []).append(subgraph)
    for (_, meaning), called in names.items():
        if len(called) > 1:
            shown = " but ".join(
                f'"@{name}" in {", ".join(subgraph.name for subgraph in using)}' for name, using in called.items()
            )
            links = [subgraph.links.federation for using in called.values() for subgraph in using]
            yield CompositionError(
                ErrorCode.LINK_IMPORT_NAME_MISMATCH,
                f'"@{meaning}" is imported by different names: it is {shown}. Import it by one name.',
                locations(*(link.node for link in links if link is not None)),
            )


def _used(subgraph: SubgraphSchema) -> Iterator[tuple[str, str, str]]:
    """The feature, local name and name here of each composed directive that is applied."""
    seen: set[str] = set()
    for element in elements(subgraph.schema):
        for applied in element.directives:
            if applied.meaning in FEDERATION_COMPOSED and applied.name not in seen:
                seen.add(applied.name)
                origin = subgraph.links.directive(applied.name)
                if origin is not None:
                    yield origin.link.url.identity, applied.meaning, applied.name
