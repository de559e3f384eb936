"""The refusals a caller can be given, each with the code it carries in ``extensions.code``.

Anything raised that is not a ``DomainError`` is a bug, and is masked before it leaves the process.
"""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID


class DomainError(Exception):
    """Something the platform refuses to do, said in a way the caller may read."""

    code: ClassVar[str] = "DOMAIN_ERROR"
    default_message: ClassVar[str] = "The request was refused"

    def __init__(self, message: str | None = None, **extensions: Any) -> None:
        self.message = message or self.default_message
        self.extensions = extensions
        super().__init__(self.message)


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"
    default_message = "Sign in to do this"


class Forbidden(DomainError):
    code = "FORBIDDEN"
    default_message = "You may not do this"


class NotFound(DomainError):
    """The same answer for what never existed and for what belongs to another tenant."""

    code = "NOT_FOUND"
    default_message = "There is no such thing"


class BadUserInput(DomainError):
    code = "BAD_USER_INPUT"
    default_message = "The input is not valid"


class HistoryGone(DomainError):
    """A subscriber wants to go on from an event that is not known any more, so that something may be missing."""

    code = "HISTORY_GONE"
    default_message = "What came after the cursor is not known any more; read everything again, then listen anew"


class Conflict(DomainError):
    code = "CONFLICT"
    default_message = "The request conflicts with an earlier one"


class InvalidCredentials(DomainError):
    """One answer for a wrong password and for an unknown e-mail address."""

    code = "INVALID_CREDENTIALS"
    default_message = "The e-mail address or the password is wrong"


class TenantNotFound(DomainError):
    code = "TENANT_NOT_FOUND"
    default_message = "There is no such tenant"


class Unavailable(DomainError):
    code = "SERVICE_UNAVAILABLE"
    default_message = "The service cannot answer now; try again"


class Refusal(DomainError):
    """An expected outcome of a mutation: returned in its ``userErrors``, not raised to the top.

    Subclasses live in each subgraph's ``errors.py`` and name their code.
    """

    code = "REFUSED"

    def __init__(self, message: str | None = None, *, path: tuple[str, ...] = (), **extensions: Any) -> None:
        super().__init__(message, **extensions)
        self.path = path
        """The input field that caused it, outermost first: ``("input", "slug")``."""


class VersionConflict(Refusal):
    code = "VERSION_CONFLICT"
    default_message = "It was changed since you read it"


def parse_id(value: str, *, field: str = "id") -> UUID:
    """Read an identifier a client sent, in the one spelling that answers have: small letters, with hyphens.

    Raises:
        BadUserInput: the text is not an identifier so spelled.
    """
    refusal = BadUserInput(f"`{field}` is not a valid identifier", field=field)
    try:
        id_ = UUID(value)
    except ValueError:
        raise refusal from None
    if str(id_) != value:
        raise refusal
    return id_


def parse_ids(values: Iterable[str], *, field: str = "ids") -> list[UUID]:
    """Read a list of identifiers; a refusal names the place in the list, counted from 0.

    Raises:
        BadUserInput: one of them is not an identifier.
    """
    return [parse_id(value, field=f"{field}.{position}") for position, value in enumerate(values)]
