"""INVALID_SUBGRAPH_NAME: a name that subgraphs cannot have, or that two of them have."""

from collections import Counter
from collections.abc import Sequence

from router.compose.subgraph import Subgraph
from router.federation.errors import CompositionError, ErrorCode, FederationError, Location

_RESERVED = "_"


def check(subgraph: Subgraph) -> None:
    """Refuse the name that stands for no subgraph.

    Raises:
        FederationError: with this code.

    """
    if subgraph.name == _RESERVED:
        raise FederationError([_error(subgraph, f'A subgraph cannot be called "{_RESERVED}". Give it another name.')])


def check_all(subgraphs: Sequence[Subgraph]) -> None:
    """Names tell subgraphs apart.

    Raises:
        FederationError: with this code, once for each bad name.

    """
    counts = Counter(subgraph.name for subgraph in subgraphs)
    errors = [
        _error(subgraph, f'{counts[name]} subgraphs are called "{name}". Give each a name of its own.')
        if name
        else _error(subgraph, 'A subgraph cannot be called "". Give it a name.')
        for name, subgraph in sorted({subgraph.name: subgraph for subgraph in subgraphs}.items())
        if counts[name] > 1 or not name
    ]
    if errors:
        raise FederationError(errors)


def _error(subgraph: Subgraph, message: str) -> CompositionError:
    place = Location(subgraph.name, 1, 1)
    return CompositionError(ErrorCode.INVALID_SUBGRAPH_NAME, message, (place,), subgraph.name)
