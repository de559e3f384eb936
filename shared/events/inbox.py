"""The inbox: the events a subgraph has handled, remembered in the transaction that handled them."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import TenantSession
from shared.events.outbox import EventsBase

RETENTION = timedelta(days=14)
"""Longer than an outbox can replay: an event must not be forgotten here while it can come again."""


class InboxRow(EventsBase):
    __tablename__ = "inbox"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    consumer: Mapped[str] = mapped_column(primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


def inbox_table(metadata: sa.MetaData) -> sa.Table:
    """Declare the inbox in a subgraph's own metadata, which its migrations are compared with."""
    return InboxRow.metadata.tables["tenant.inbox"].to_metadata(metadata)


async def claim(session: TenantSession, event_id: UUID, consumer: str) -> bool:
    """Remember the event as handled by this transaction; False if another one did before.

    Waits if another transaction is handling it right now.
    """
    statement = (
        insert(InboxRow)
        .values(event_id=event_id, consumer=consumer)
        .on_conflict_do_nothing()
        .returning(InboxRow.event_id)
    )
    return await session.scalar(statement) is not None


async def forget_old(session: TenantSession) -> int:
    """Drop what can't come again; returns how many."""
    old = sa.delete(InboxRow).where(InboxRow.handled_at < datetime.now(UTC) - RETENTION)
    done = await session.execute(old.execution_options(synchronize_session=False))
    return cast("sa.CursorResult[Any]", done).rowcount
