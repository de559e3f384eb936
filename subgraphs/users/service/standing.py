"""Nobody does away with people who may do more than they, or sends the mail of such people anywhere else.

Who has the roles of a teacher is in the care of whoever manages people; who looks after the tenant is not.
"""

from datetime import UTC, datetime
from typing import Final

from shared.database import TenantSession
from shared.permissions.catalogue import BUILT_IN
from shared.permissions.feed import grants_of
from shared.roles import Role
from subgraphs.users.errors import PermissionNotHeld
from subgraphs.users.models import User, UserStatus
from subgraphs.users.store.invitations import InvitationStore

_IN_CARE: Final = BUILT_IN[Role.INSTRUCTOR]


async def is_above(session: TenantSession, user: User) -> bool:
    """Whether somebody holds, anywhere, or is invited to hold, what neither teachers nor the caller do."""
    roles = {Role(user.role)}
    if user.status == UserStatus.INVITED:
        roles |= {Role(one.role) for one in await InvitationStore(session).all_open_of(user.id)}
    held = frozenset[str]().union(*(BUILT_IN[role] for role in roles))
    held = held.union(*(grant.permissions for grant in await grants_of(session, user.id, datetime.now(UTC))))
    return not all(session.caller.may(permission) for permission in held - _IN_CARE)


async def refuse_above(session: TenantSession, user: User) -> None:
    """Refuse to end the account of somebody else who may do more than the caller.

    Raises:
        PermissionNotHeld: it is such a person.
    """
    if user.id != session.caller.user_id and await is_above(session, user):
        raise PermissionNotHeld(path=("input", "userId"))
