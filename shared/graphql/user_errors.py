"""Expected refusals as data: the `userErrors` of every mutation payload."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension

from shared.errors import Refusal


@strawberry.federation.type(shareable=True, description="Why a mutation was refused, in words and as a stable code.")
class UserError:
    """One reason for a refusal; `path` names the input field it is about."""

    code: str = strawberry.field(description="Stable, for programs: SLUG_TAKEN.")
    message: str = strawberry.field(description="For people; its wording may change.")
    path: list[str] | None = strawberry.field(
        default=None, description="The input field it is about, outermost first; a place in a list counts from 0."
    )

    @classmethod
    def of(cls, refusal: Refusal) -> "UserError":
        """Show a refusal as data."""
        return cls(code=refusal.code, message=refusal.message, path=list(refusal.path) or None)


@strawberry.type
class Payload:
    """Base of every mutation's payload; the other fields have defaults, which are shown when it was refused."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done; empty if it was."
    )


class Refusals(FieldExtension):
    """Answer a `Refusal` raised by a mutation with the payload's `userErrors`.

    Other domain errors (unauthenticated, forbidden, not found, bad input) stay top-level errors: they say that the
    request itself was wrong, not that the state of the world forbids it.

    Args:
        payload: builds the payload from its errors; a payload type whose other fields have defaults will do.
    """

    def __init__(self, payload: Callable[..., object]) -> None:
        self._payload = payload

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any
    ) -> object:
        """Run the mutation; its transaction is rolled back before the refusal is turned into data."""
        try:
            return await next_(source, info, **kwargs)
        except Refusal as refusal:
            return self._payload(user_errors=[UserError.of(refusal)])
