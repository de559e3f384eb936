"""Which serialised values the leaf types of the public schema admit.

Source: https://spec.graphql.org/draft/#sec-Scalars, the sections on result coercion.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType

from router.execute.shapes import INVALID

MAX_INT = 2**31 - 1


def admit_string(value: Any) -> Any:
    return value if isinstance(value, str) else INVALID


def admit_boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else INVALID


def admit_int(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -MAX_INT - 1 <= value <= MAX_INT:
        return value
    return INVALID


def admit_float(value: Any) -> Any:
    return value if isinstance(value, float | int) and not isinstance(value, bool) else INVALID


def admit_id(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else INVALID


def admit_anything(value: Any) -> Any:
    """Custom scalars are between the subgraph and the client."""
    return value


ADMIT: dict[str, Callable[[Any], Any]] = {
    "String": admit_string,
    "Boolean": admit_boolean,
    "Int": admit_int,
    "Float": admit_float,
    "ID": admit_id,
}


@dataclass(frozen=True, slots=True)
class EnumAdmission:
    """The check of an enum.

    Attributes:
        shown: the values that clients know.
        hidden: the values that become null.
    """

    shown: frozenset[str]
    hidden: frozenset[str] = field(default_factory=frozenset[str])

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, str):
            return INVALID
        if value in self.hidden:
            return None
        return value if value in self.shown else INVALID


def admission(leaf: GraphQLLeafType, inaccessible: frozenset[str]) -> Callable[[Any], Any]:
    """The check of one leaf type; `inaccessible` are an enum's values that become null."""
    if isinstance(leaf, GraphQLEnumType):
        return EnumAdmission(frozenset(leaf.values) - inaccessible, inaccessible)
    return ADMIT.get(leaf.name, admit_anything)
