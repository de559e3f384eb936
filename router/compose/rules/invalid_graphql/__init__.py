"""INVALID_GRAPHQL: what the GraphQL specification itself forbids, a module per part of it.

Source: https://spec.graphql.org/October2021/#sec-Type-System
"""

from collections.abc import Callable, Iterator

from router.compose.rules.invalid_graphql import (
    directives,
    duplicates,
    implementations,
    input_cycles,
    references,
    shapes,
    values,
)
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError

Rule = Callable[[SubgraphSchema], Iterator[CompositionError]]

DECLARATIONS: tuple[Rule, ...] = (duplicates.check, references.check_known, directives.check_schema_known)
"""What must hold before a schema can be read at all."""
MEANINGS: tuple[Rule, ...] = (references.check, directives.check_known)
"""What must hold before a schema can be understood."""
SCHEMA: tuple[Rule, ...] = (
    shapes.check,
    implementations.check,
    input_cycles.check,
    directives.check,
    values.check,
)
"""What must hold of a schema."""

__all__ = ["DECLARATIONS", "MEANINGS", "SCHEMA"]
