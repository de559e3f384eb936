"""Expected refusals as data: the `userErrors` of every mutation payload."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension

from shared.errors import Refusal


@strawberry.federation.type(shareable=True, description="Why a mutation was refused, in words and as a stable code.")
class UserError:
    """One reason for a refusal; `path` names the input field it is about."""

    code: str
    message: str
    path: list[str] | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> "UserError":
        """Show a refusal as data."""
        return cls(code=refusal.code, message=refusal.message, path=list(refusal.path) or None)


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
