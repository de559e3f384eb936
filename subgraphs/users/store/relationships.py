"""Statements about what people are to each other."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.users.models import Relationship, RelationshipKind


class RelationshipStore:
    """Relationships of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def lock_chains(self) -> None:
        """Let nobody else link managers until the transaction ends: two links at once could make a circle."""
        key = func.hashtextextended(f"managers:{self._session.caller.tenant_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def link(self, kind: RelationshipKind, user_id: UUID, of_user_id: UUID) -> UUID:
        """The relationship's id, whether it was there or not."""
        added = insert(Relationship).values(kind=kind, user_id=user_id, of_user_id=of_user_id)
        again = added.on_conflict_do_update(
            index_elements=[Relationship.user_id, Relationship.kind, Relationship.of_user_id],
            set_={"kind": kind},
        )
        return (await self._session.execute(again.returning(Relationship.id))).scalar_one()

    async def get(self, relationship_id: UUID) -> Relationship | None:
        return await self._session.get(Relationship, relationship_id)

    async def unlink(self, relationship_id: UUID) -> bool:
        chosen = delete(Relationship).where(Relationship.id == relationship_id).returning(Relationship.id)
        return await self._session.scalar(chosen) is not None

    async def is_above(self, user_id: UUID, other_id: UUID, kind: RelationshipKind) -> bool:
        """Tell whether a person is another one's guardian, manager or mentor, directly or through others."""
        first = select(Relationship.of_user_id.label("id")).where(
            Relationship.user_id == user_id, Relationship.kind == kind
        )
        below = first.cte("below", recursive=True)
        further = select(Relationship.of_user_id).join(below, Relationship.user_id == below.c.id)
        below = below.union(further.where(Relationship.kind == kind))
        return await self._session.scalar(select(below.c.id).where(below.c.id == other_id).limit(1)) is not None

    async def of(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Relationship]]:
        """Each person's, on either side of it, in the order in which they were linked."""
        ids = list(user_ids)
        chosen = select(Relationship).where(or_(Relationship.user_id.in_(ids), Relationship.of_user_id.in_(ids)))
        found: dict[UUID, list[Relationship]] = {id_: [] for id_ in ids}
        for row in await self._session.scalars(chosen.order_by(Relationship.id)):
            for end in {row.user_id, row.of_user_id} & found.keys():
                found[end].append(row)
        return found
