"""INVALID_SUBGRAPH_NAME: a name that subgraphs cannot have, or that two of them have."""

from collections import Counter
from collections.abc import Iterator, Sequence

from router.compose.subgraph import Subgraph
from router.federation.errors import CompositionError, ErrorCode

_RESERVED = "_"


def check(subgraphs: Sequence[Subgraph]) -> Iterator[CompositionError]:
    """Names tell subgraphs apart."""
    for name, count in sorted(Counter(subgraph.name for subgraph in subgraphs).items()):
        if name == _RESERVED or not name:
            message = f'A subgraph cannot be called "{name}". Give it another name.'
            yield CompositionError(ErrorCode.INVALID_SUBGRAPH_NAME, message)
        elif count > 1:
            yield CompositionError(ErrorCode.INVALID_SUBGRAPH_NAME, f'There are {count} subgraphs called "{name}".')
