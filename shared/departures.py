"""People who have gone, erased or merged into others: what is told of them late makes nothing of them again.

Events come at least once and, where one was given up and delivered again, in any order. A subgraph that has erased a
person therefore keeps their identifier, which names nobody any more, and asks here before an event adds a row of
theirs. What adds it and what erases the person wait for each other.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.tenancy.names import PLACEHOLDER_SCHEMA


def departures_table(metadata: sa.MetaData) -> sa.Table:
    """Declare who has gone in a subgraph's own metadata, which its migrations are compared with."""
    return sa.Table(
        "departures",
        metadata,
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("into_id", sa.Uuid),
        sa.Column("departed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


_departures = departures_table(sa.MetaData(schema=PLACEHOLDER_SCHEMA))


async def depart(session: TenantSession, user_id: UUID, into_id: UUID | None = None) -> None:
    """Note that a person has gone, before anything of theirs is erased or given away. Safe to repeat.

    Waits for the transactions that add something of theirs at the same time, so that what they add is seen.

    Args:
        session: of the tenant.
        user_id: who has gone.
        into_id: as whom they go on; None if they are erased.
    """
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(_key(session, user_id))))
    gone = insert(_departures).values(person_id=user_id, into_id=into_id)
    await session.execute(gone.on_conflict_do_nothing())


async def goes_on_as(session: TenantSession, user_id: UUID) -> UUID | None:
    """Who a person is by now: themselves, whom they were merged into, or None once they are erased.

    Whoever is returned does not go before the transaction ends.
    """
    while True:
        # a statement of its own: what is read has to be as of after the waiting
        await session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_key(session, user_id))))
        chosen = sa.select(_departures.c.into_id).where(_departures.c.person_id == user_id)
        gone = (await session.execute(chosen)).one_or_none()
        if gone is None:
            return user_id
        if gone.into_id is None:
            return None
        user_id = gone.into_id


async def is_here(session: TenantSession, user_id: UUID) -> bool:
    """Whether a person has neither been erased nor merged; they do not go before the transaction ends."""
    return await goes_on_as(session, user_id) == user_id


def _key(session: TenantSession, user_id: UUID) -> sa.ColumnElement[int]:
    return sa.func.hashtextextended(f"departures:{session.caller.tenant_id}:{user_id}", 0)
