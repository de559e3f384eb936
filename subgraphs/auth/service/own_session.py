"""What only a person who has signed in may do: no program on their behalf, whatever it may do otherwise.

Whoever holds a token for a while must not be able to make themselves another that lasts.
"""

from uuid import UUID

from shared.database import TenantSession
from shared.errors import Forbidden
from subgraphs.auth.store.own_session import OwnSessionStore


async def require_own_session(session: TenantSession) -> UUID:
    """The person who calls, in a session that they have opened themselves and that goes on.

    Raises:
        Unauthenticated: nobody calls.
        Forbidden: a program calls for them, or somebody else in their name.
    """
    caller = session.caller
    user_id, session_id = caller.require_user(), caller.session_id
    themselves = caller.client_id is None and caller.impersonator_id is None
    if not themselves or session_id is None or not await OwnSessionStore(session).is_open(session_id, user_id):
        raise Forbidden("Sign in to do this yourself: nobody may do it for you")
    return user_id
