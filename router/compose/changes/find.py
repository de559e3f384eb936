"""Find breaking and dangerous changes, as graphql-core tells them apart."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from graphql import GraphQLSchema
from graphql.utilities import BreakingChange, DangerousChange, find_breaking_changes, find_dangerous_changes

from router.compose.changes.usage import Usage
from router.compose.changes.users import Users

_PART = re.compile(r"@?\w+\.\w+(?:\(\w+:\))?")
_DIRECTIVE = re.compile(r"@\w+")
_TYPE = re.compile(r"(?:Standard scalar )?(\w+)")
_ARGUMENT = re.compile(r"\(\w+:\)")


class Severity(StrEnum):
    """What a change may do to clients."""

    BREAKING = "BREAKING"
    """Operations that were valid are not any more."""
    DANGEROUS = "DANGEROUS"
    """Operations stay valid, but may answer otherwise."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a schema.

    Attributes:
        type: the change's name in GraphQL's reference implementation: `FIELD_REMOVED`.
        coordinate: of what changed: `Query.me`, `Query.users(first:)`, `User`, `@cached`.
        usage: requests that used it, by client; None where nothing is known of usage.
    """

    severity: Severity
    type: str
    coordinate: str
    description: str
    usage: Mapping[str, int] | None = None

    @property
    def in_use(self) -> bool:
        """Whether a client would notice; any may, as long as nothing is known."""
        return self.usage is None or bool(self.usage)

    def __str__(self) -> str:
        text = f"{self.severity} {self.type}: {self.description}"
        if self.usage is None:
            return text
        by = ", ".join(f"{client} ({count})" for client, count in self.usage.items())
        return f"{text} {f'Used by {by}.' if by else 'Not in use.'}"


def find_changes(old: GraphQLSchema, new: GraphQLSchema, usage: Usage | None = None) -> list[Change]:
    """What breaks clients of `old`, and then what may, in the order of coordinates."""
    users = Users(old)
    changes = [_change(found, usage, users) for found in _found(old, new)]
    return sorted(changes, key=lambda change: (change.severity, change.coordinate, change.type))


def _found(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[BreakingChange | DangerousChange]:
    yield from find_breaking_changes(old, new)
    yield from find_dangerous_changes(old, new)


def _change(found: BreakingChange | DangerousChange, usage: Usage | None, users: Users) -> Change:
    severity = Severity.BREAKING if isinstance(found, BreakingChange) else Severity.DANGEROUS
    coordinate = _coordinate(found)
    # nobody counts the use of directives, so that theirs is never known
    known = usage is not None and not coordinate.startswith("@")
    uses = usage.uses(users.of(coordinate)) if usage is not None and known else None
    return Change(severity, found.type.name, coordinate, found.description, uses)


def _coordinate(found: BreakingChange | DangerousChange) -> str:
    """The coordinate of what changed, which graphql-core tells in words only."""
    text = found.description
    if "DIRECTIVE" in found.type.name or text.startswith("@"):
        directive = _DIRECTIVE.search(text)
        argument = _ARGUMENT.search(text)
        return (directive[0] if directive else "") + (argument[0] if argument else "")
    part = _PART.search(text)
    if part:
        return part[0]
    type_ = _TYPE.match(text)
    return type_[1] if type_ else ""
