"""What people are to each other, and when that is refused."""

from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.errors import NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from subgraphs.users.errors import RelationshipCircular
from subgraphs.users.events import RelationshipChanged
from subgraphs.users.models import Relationship, RelationshipKind
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.relationships import RelationshipStore

MANAGER: Final = "users:manage"


async def link(
    session: TenantSession, attempt: Attempt, kind: RelationshipKind, *, user_id: UUID, of_user_id: UUID
) -> Relationship:
    """Make a person another one's guardian, manager or mentor; linking twice is the same as once.

    Raises:
        NotFound: one of them is nobody.
        RelationshipCircular: it is the same person, or a manager would be managed by whom they manage.
    """
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        store = RelationshipStore(session)
        if len(await UserStore(session).known([user_id, of_user_id])) != len({user_id, of_user_id}):
            raise NotFound("There is no such person")
        if user_id == of_user_id or await _closes_circle(store, kind, user_id, of_user_id):
            raise RelationshipCircular(path=("input", "ofUserId"))
        relationship_id = await store.link(kind, user_id, of_user_id)
        _tell(session, kind, user_id, of_user_id, linked=True)
        return relationship_id

    relationship = await RelationshipStore(session).get(await once(session, attempt, perform))
    if relationship is None:
        raise NotFound("There is no such relationship")
    return relationship


async def _closes_circle(store: RelationshipStore, kind: RelationshipKind, user_id: UUID, of_user_id: UUID) -> bool:
    """Two people may be each other's mentors, but nobody is above their own manager."""
    if kind is not RelationshipKind.MANAGER:
        return False
    await store.lock_chains()
    return await store.is_above(of_user_id, user_id, kind)


async def unlink(session: TenantSession, attempt: Attempt, relationship_id: UUID) -> UUID:
    """End a relationship.

    Raises:
        NotFound: there is no such relationship.
    """
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        store = RelationshipStore(session)
        found = await store.get(relationship_id)
        if found is None or not await store.unlink(relationship_id):
            raise NotFound("There is no such relationship")
        _tell(session, RelationshipKind(found.kind), found.user_id, found.of_user_id, linked=False)
        return relationship_id

    return await once(session, attempt, perform)


def _tell(session: TenantSession, kind: RelationshipKind, user_id: UUID, of_user_id: UUID, *, linked: bool) -> None:
    record(
        session,
        RelationshipChanged(
            tenant_id=session.caller.tenant_id, kind=kind, user_id=user_id, of_user_id=of_user_id, linked=linked
        ),
    )
