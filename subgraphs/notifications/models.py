"""The tables of the notifications subgraph, in each tenant's schema."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Base, subgraph_metadata
from shared.departures import departures_table
from shared.events.inbox import inbox_table
from shared.events.outbox import outbox_table
from shared.idempotency import idempotency_table
from shared.ids import uuid7


class Model(Base):
    __abstract__ = True
    metadata = subgraph_metadata()


outbox_table(Model.metadata)
inbox_table(Model.metadata)
idempotency_table(Model.metadata)
departures_table(Model.metadata)


class NotificationKind(StrEnum):
    ENROLLED = "ENROLLED"
    IMPERSONATED = "IMPERSONATED"
    QUOTA_REACHED = "QUOTA_REACHED"


class Mailbox(Model):
    """Numbers the notifications of one person.

    Its row is locked from the numbering to the commit, so that notifications become visible in the order of their
    numbers: whoever has seen number 7 will not find a new number 6 later.
    """

    __tablename__ = "mailboxes"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_number: Mapped[int] = mapped_column(sa.BigInteger)


class Notification(Model):
    __tablename__ = "notifications"
    __table_args__ = (sa.UniqueConstraint("user_id", "number"), sa.UniqueConstraint("event_id", "user_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(sa.BigInteger)
    """Its place in the person's mailbox, from 1, without gaps."""
    event_id: Mapped[UUID]
    """What caused it; one event tells a person once."""
    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    course_id: Mapped[UUID | None]
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


sa.Index(
    "ix_notifications_unread",
    Notification.user_id,
    Notification.number,
    postgresql_where=Notification.read_at.is_(None),
)
