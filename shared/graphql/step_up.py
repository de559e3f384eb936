"""Asking for a fresh proof of who somebody is, before something that matters.

Source: NIST SP 800-63B, section 4.2.3 (reauthentication); OpenID Connect Core, section 3.1.2.1 (``max_age``).
"""

import time
from typing import Any, Final

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension

from shared.caller import Caller
from shared.errors import Unauthenticated

MAX_AGE_SECONDS: Final = 600


class StepUpRequired(Unauthenticated):
    """The caller may do it, once they have proved again who they are: `stepUp` of the auth subgraph."""

    code = "STEP_UP_REQUIRED"
    default_message = "Prove again who you are to do this"


class StepUp(FieldExtension):
    """Let a mutation be done only by a person themselves, shortly after they have proved who they are.

    Programs that act for somebody cannot, nor can somebody in another's name: ``extensions=[StepUp(), Refusals(...)]``.
    """

    def __init__(self, *, max_age: int = MAX_AGE_SECONDS) -> None:
        """Args: `max_age` is how many seconds ago the proof may lie."""
        self._max_age = max_age

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info[Any, Any], **kwargs: Any
    ) -> object:
        """Run the mutation, unless a proof is wanted first."""
        require_fresh_proof(info.context.caller, max_age=self._max_age)
        return await next_(source, info, **kwargs)


def require_fresh_proof(caller: Caller, *, max_age: int = MAX_AGE_SECONDS, now: float | None = None) -> None:
    """Refuse a caller who has not proved who they are for a while, or is not that person themselves.

    Raises:
        StepUpRequired: so it is.
    """
    acts_themselves = caller.client_id is None and caller.impersonator_id is None
    moment = time.time() if now is None else now
    if not acts_themselves or caller.auth_time is None or moment - caller.auth_time > max_age:
        raise StepUpRequired
