"""INVALID_SUBGRAPH_NAME: a name that subgraphs cannot have, or that two of them have."""

from collections import Counter
from collections.abc import Iterator, Sequence

from router.compose.subgraph import Subgraph, SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, FederationError, Location

_RESERVED = "_"


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Refuse the name that stands for no subgraph."""
    if subgraph.name == _RESERVED:
        yield _error(subgraph.name, f'A subgraph cannot be called "{_RESERVED}". Give it another name.')


def check_all(subgraphs: Sequence[Subgraph]) -> None:
    """Names tell subgraphs apart.

    Raises:
        FederationError: with this code, once for each bad name.

    """
    counts = Counter(subgraph.name for subgraph in subgraphs)
    errors = [
        _error(name, f'{count} subgraphs are called "{name}". Give each a name of its own.')
        if name
        else _error(name, 'A subgraph cannot be called "". Give it a name.')
        for name, count in sorted(counts.items())
        if count > 1 or not name
    ]
    if errors:
        raise FederationError(errors)


def _error(name: str, message: str) -> CompositionError:
    return CompositionError(ErrorCode.INVALID_SUBGRAPH_NAME, message, (Location(name, 1, 1),), name)
