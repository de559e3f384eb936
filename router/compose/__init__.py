"""Compose subgraphs into a supergraph, or say precisely why they do not compose.

The work goes in stages, each of which stops at its errors: `read` the subgraphs, check each by itself (`rules`),
`upgrade` those of Federation 1, `merge` them, check the supergraph, prove that it can answer every query
(`satisfiability`), and print it.
"""

from router.compose.hints import Hint, HintCode
from router.compose.pipeline import Composed, Refused, compose
from router.compose.subgraph import Subgraph
from router.federation.errors import CompositionError, ErrorCode, Location

__all__ = [
    "Composed",
    "CompositionError",
    "ErrorCode",
    "Hint",
    "HintCode",
    "Location",
    "Refused",
    "Subgraph",
    "compose",
]
