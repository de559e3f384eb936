"""What a caller needs, as values."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class AccessKind(Enum):
    """The directives, by the names that their specifications give them."""

    AUTHENTICATED = "authenticated"
    SCOPES = "requiresScopes"
    POLICIES = "policy"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one directive asks for.

    Attributes:
        options: sets of scopes or policies, of which one has to be had entirely. Without any, nobody has what is
            needed; `@authenticated` has none and does not look at them.
    """

    kind: AccessKind
    options: frozenset[frozenset[str]] = frozenset()


Requirements: TypeAlias = frozenset[Requirement]
"""All of them have to be met."""


@dataclass(frozen=True, slots=True)
class Denied:
    """What a caller may not see.

    Attributes:
        types: object types of which no object may be seen.
        fields: of object types, as type and field.
    """

    types: frozenset[str]
    fields: frozenset[tuple[str, str]]
