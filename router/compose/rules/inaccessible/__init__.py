"""The rules of `@inaccessible`: what is left when it is gone must still be a schema. A module per code.

Source: https://specs.apollo.dev/inaccessible/v0.2
"""

from collections.abc import Callable, Iterator

from router.compose.rules.inaccessible import (
    default_value_uses_inaccessible,
    disallowed_inaccessible,
    implemented_by_inaccessible,
    only_inaccessible_children,
    query_root_type_inaccessible,
    referenced_inaccessible,
    required_inaccessible,
)
from router.compose.rules.inaccessible.visible import Visible
from router.federation.errors import CompositionError

RULES: tuple[Callable[[Visible], Iterator[CompositionError]], ...] = (
    default_value_uses_inaccessible.check,
    disallowed_inaccessible.check,
    implemented_by_inaccessible.check,
    only_inaccessible_children.check,
    query_root_type_inaccessible.check,
    referenced_inaccessible.check,
    required_inaccessible.check,
)

__all__ = ["RULES", "Visible"]
