"""The outbox: an event is stored in the transaction of its cause, and published later by the relay.

Rows are read in the order of `seq`. Two transactions that overlap may commit in the other order than their sequence
numbers say, which is harmless: neither has seen the other. A transaction that depends on another one (it read its rows,
or waited for its lock) inserts later, hence with a higher number, and can't be published before it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Mapper, mapped_column, object_session

from shared.database import Base, TenantSession, subgraph_metadata
from shared.events.event import Event

OUTBOX_CHANNEL = "outbox"
"""PostgreSQL notification channel; the payload is the id of the tenant whose outbox has grown."""


class EventsBase(Base):
    """Tables that every subgraph has in each tenant's schema."""

    __abstract__ = True
    metadata = subgraph_metadata()


class OutboxRow(EventsBase):
    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_unpublished", "seq", postgresql_where=sa.text("published_at IS NULL")),
        sa.Index("ix_outbox_published_at", "published_at"),
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


def outbox_table(metadata: sa.MetaData) -> sa.Table:
    """Declare the outbox in a subgraph's own metadata, which its migrations are compared with."""
    return OutboxRow.metadata.tables["tenant.outbox"].to_metadata(metadata)


def record(session: TenantSession, event: Event) -> None:
    """Store `event` with the changes of `session`: both are committed or neither is.

    Raises:
        ValueError: the event belongs to another tenant than the session.
    """
    if event.tenant_id != session.caller.tenant_id:
        raise ValueError(f"event of tenant {event.tenant_id} in a session of tenant {session.caller.tenant_id}")
    session.add(
        OutboxRow(
            event_id=event.event_id,
            topic=event.topic,
            payload=event.told_by(session.caller),
            occurred_at=event.occurred_at,
        )
    )


_ANNOUNCED = "outbox_announced"


@sqlalchemy_event.listens_for(OutboxRow, "after_insert")
def _announce(_mapper: Mapper[OutboxRow], connection: sa.Connection, row: OutboxRow) -> None:  # pyright: ignore[reportUnusedFunction] # called by SQLAlchemy
    """Wake the relay when the transaction commits; once is enough for all of its events."""
    session = object_session(row)
    if session is None or session.info.get(_ANNOUNCED) is session.get_transaction():
        return
    session.info[_ANNOUNCED] = session.get_transaction()
    connection.execute(sa.select(sa.func.pg_notify(OUTBOX_CHANNEL, row.payload["tenant_id"])))
