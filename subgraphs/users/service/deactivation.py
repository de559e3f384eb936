"""Deactivating people: they stay with all that is theirs, but nobody gets in as them until they are reactivated."""

from uuid import UUID

from shared.database import TenantSession
from shared.errors import NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.tenancy.registry import Registry
from subgraphs.users.events import UserDeactivated, UserReactivated
from subgraphs.users.models import User, UserStatus
from subgraphs.users.service.data_requests import refuse_last_owner
from subgraphs.users.service.people import MANAGER, changeable
from subgraphs.users.service.seats import check_seats
from subgraphs.users.service.standing import refuse_above
from subgraphs.users.store.deactivation import DeactivationStore
from subgraphs.users.store.people import UserStore


async def deactivate_user(
    session: TenantSession, attempt: Attempt, user_id: UUID, *, expected_version: int | None
) -> User:
    """Deactivate a person; whoever is deactivated already stays so.

    Raises:
        Forbidden: the caller manages nobody.
        NotFound: there is no such person (any more).
        VersionConflict: the person has been changed since.
        PermissionNotHeld: the person may do more than the caller.
        LastOwner: nobody else could look after the tenant.
    """
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        await UserStore(session).lock_owners()
        user = await changeable(session, user_id, expected_version)
        await refuse_above(session, user)
        await deactivate(session, user)
        return user_id

    return await _user(session, await once(session, attempt, perform))


async def reactivate_user(
    session: TenantSession, attempt: Attempt, user_id: UUID, tenants: Registry, *, expected_version: int | None
) -> User:
    """Let a person in again; whoever is not deactivated stays as they are.

    Raises:
        Forbidden, NotFound, VersionConflict: as above.
        QuotaExceeded: the tenant has as many people as it may.
    """
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        await reactivate(session, await changeable(session, user_id, expected_version), tenants)
        return user_id

    return await _user(session, await once(session, attempt, perform))


async def deactivate(session: TenantSession, user: User) -> bool:
    """Deactivate a person who is locked, as the tenant's owners are; tells whether they were not before.

    Raises:
        LastOwner: nobody else could look after the tenant.
    """
    if user.status not in {UserStatus.ACTIVE, UserStatus.INVITED}:
        return False
    await refuse_last_owner(session, user)
    await DeactivationStore(session).begin(user.id, user.status)
    user.status = UserStatus.DEACTIVATED
    user.version += 1
    caller = session.caller
    record(session, UserDeactivated(tenant_id=caller.tenant_id, user_id=user.id, actor_id=caller.user_id))
    return True


async def reactivate(session: TenantSession, user: User, tenants: Registry) -> bool:
    """Let a person in again who is locked; tells whether they were not before.

    Raises:
        QuotaExceeded: the tenant has as many people as it may.
    """
    if user.status != UserStatus.DEACTIVATED:
        return False
    user.status = await DeactivationStore(session).end(user.id) or UserStatus.ACTIVE
    user.version += 1
    await session.flush()
    await check_seats(session, tenants)
    caller = session.caller
    record(session, UserReactivated(tenant_id=caller.tenant_id, user_id=user.id, actor_id=caller.user_id))
    return True


async def _user(session: TenantSession, user_id: UUID) -> User:
    user = await UserStore(session).get(user_id)
    if user is None:
        raise NotFound("There is no such person")
    return user
