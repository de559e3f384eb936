"""CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: an argument that one subgraph takes from a context.

The router fills such an argument itself, so that clients cannot give it: a subgraph that demands it from them is stuck.
"""

from router.compose.hints import HintCode
from router.compose.merge.context import Merge, Sources
from router.compose.model import InputValue
from router.federation.errors import ErrorCode


def is_contextual(sources: Sources[InputValue]) -> bool:
    """Whether any subgraph fills the argument from a context."""
    return any(source is not None and source.has("fromContext") for source in sources.values())


def check(merge: Merge, sources: Sources[InputValue], coordinate: str) -> None:
    """Refuse a required plain argument; tell of an optional one, which clients lose."""
    for index, source in sources.items():
        if source is None or source.has("fromContext"):
            continue
        if source.required:
            merge.error(
                ErrorCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
                f'Argument "{coordinate}" comes from a context in some subgraph, but is required of clients in '
                f'"{merge.name(index)}". Make it nullable there, give it a default, or use @fromContext.',
                [source.node],
                merge.name(index),
            )
        else:
            merge.hint(
                HintCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
                f'Argument "{coordinate}" is left out of the supergraph: it comes from a context in some subgraph.',
            )
