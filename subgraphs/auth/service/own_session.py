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
        Forbidden: a program calls for them.
    """
    caller = session.caller
    user_id = caller.require_user()
    if caller.session_id is None or not await OwnSessionStore(session).is_open(caller.session_id, user_id):
        raise Forbidden("Sign in to do this yourself: programs may not do it for you")
    return user_id
