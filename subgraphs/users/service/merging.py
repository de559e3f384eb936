"""Two accounts of one person made one: every subgraph gives what the one has to the other, and acknowledges it.

Nobody gains by it: how the one signed in, and what they were allowed to, is gone; the other signs in as before.
"""

from contextlib import suppress
from uuid import UUID

from shared.data_keys import DataKeys, DataShredded
from shared.database import TenantSession
from shared.departures import depart
from shared.errors import BadUserInput, NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from subgraphs.users.errors import PersonNotActive
from subgraphs.users.events import UsersMerged, UserUpdated
from subgraphs.users.models import DataRequest, DataRequestKind, RelationshipKind, User, UserStatus
from subgraphs.users.service.data_requests import (
    OWN,
    add_request,
    forget_profile,
    holdings,
    note_erasure,
    refuse_last_owner,
)
from subgraphs.users.service.people import MANAGER, changeable
from subgraphs.users.service.sealed_fields import SealedFields, has_some
from subgraphs.users.service.standing import refuse_above
from subgraphs.users.store.data_requests import DataRequestStore, ExportStore
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.relationships import RelationshipStore


async def merge(session: TenantSession, attempt: Attempt, keys: DataKeys, user_id: UUID, into_id: UUID) -> DataRequest:
    """Have a person go on as another; of their own account nothing is left but the identifier. There is no way back.

    Raises:
        NotFound: one of them is nobody (any more).
        PersonNotActive: the other one cannot sign in.
        PermissionNotHeld: one of them may do more than the caller.
        LastOwner: nobody else could look after the tenant.
        DataRequestPending: they are being merged.
    """
    session.caller.require(MANAGER)
    if user_id == into_id:
        raise BadUserInput("`intoId` must be somebody else", field="intoId")

    async def perform() -> UUID:
        await UserStore(session).lock_owners()
        user, into = await _both(session, user_id, into_id)
        if into.status != UserStatus.ACTIVE:
            raise PersonNotActive(path=("input", "intoId"))
        for one in (user, into):
            await refuse_above(session, one)
        await refuse_last_owner(session, user)
        request = await add_request(session, user, DataRequestKind.MERGE, into_id=into_id)
        rows = await _give(session, keys, user, into)
        tenant_id, actor_id = session.caller.tenant_id, session.caller.user_id
        merged = UsersMerged(
            tenant_id=tenant_id, request_id=request.id, user_id=user_id, into_id=into_id, actor_id=actor_id
        )
        record(session, merged)
        record(session, UserUpdated(tenant_id=tenant_id, user_id=into_id, version=into.version))
        await note_erasure(session, request.id, OWN, rows)
        return request.id

    request = await DataRequestStore(session).get(await once(session, attempt, perform))
    if request is None:
        raise NotFound("There is no such request")
    return request


async def _both(session: TenantSession, user_id: UUID, into_id: UUID) -> tuple[User, User]:
    """The two, locked in one order: two merges the one into the other wait, and the later finds nobody."""
    found = {one: await changeable(session, one) for one in sorted((user_id, into_id))}
    return found[user_id], found[into_id]


async def _give(session: TenantSession, keys: DataKeys, user: User, into: User) -> int:
    """What this subgraph holds; returns how many rows of it there were."""
    await depart(session, user.id, into.id)
    await ExportStore(session).forget_of(user.id)
    await _untie(session, user.id, into.id)
    rows = await holdings().merge(session, user.id, into.id)
    handle = user.handle
    if has_some(user):
        fields = SealedFields(await keys.of(session, sealing=True))
        with suppress(DataShredded):  # what was erased for good nobody can give
            fields.set(into, {**fields.of(user), **fields.of(into)})
    forget_profile(user)
    user.merged_into_id = into.id
    await session.flush()
    into.handle = into.handle or handle
    into.version += 1
    return rows + 1


async def _untie(session: TenantSession, user_id: UUID, into_id: UUID) -> None:
    """End what the two are to each other, and whom the one manages or is managed by where that would make a circle."""
    store = RelationshipStore(session)
    await store.lock_chains()
    for row in (await store.of([user_id])).get(user_id, ()):
        other = row.of_user_id if row.user_id == user_id else row.user_id
        above = (other, into_id) if row.user_id == user_id else (into_id, other)
        circular = row.kind == RelationshipKind.MANAGER and await store.is_above(*above, RelationshipKind.MANAGER)
        if other == into_id or circular:
            await store.unlink(row.id)
