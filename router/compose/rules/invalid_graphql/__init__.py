"""INVALID_GRAPHQL: what the GraphQL specification itself forbids, a module per part of it.

Source: https://spec.graphql.org/October2021/#sec-Type-System
"""

from collections.abc import Callable, Iterator

from router.compose.rules.invalid_graphql import (
    directives,
    implementations,
    input_cycles,
    shapes,
    values,
)
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError

Rule = Callable[[SubgraphSchema], Iterator[CompositionError]]

SCHEMA: tuple[Rule, ...] = (
    shapes.check,
    implementations.check,
    input_cycles.check,
    directives.check,
    values.check,
)
"""What must hold of a schema that can be read and understood."""

__all__ = ["SCHEMA"]
