"""The tables of the analytics subgraph, in each tenant's schema."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Base, subgraph_metadata
from shared.departures import departures_table
from shared.events.inbox import inbox_table
from shared.events.outbox import outbox_table
from shared.idempotency import idempotency_table
from shared.ids import uuid7
from shared.permissions.feed import grant_tables


class Model(Base):
    __abstract__ = True
    metadata = subgraph_metadata()


outbox_table(Model.metadata)
inbox_table(Model.metadata)
grant_tables(Model.metadata)
idempotency_table(Model.metadata)
departures_table(Model.metadata)


class Verb(StrEnum):
    """What was done. Source of the words: the ADL vocabulary of the Experience API."""

    PUBLISHED = "PUBLISHED"
    REGISTERED = "REGISTERED"
    PROGRESSED = "PROGRESSED"
    EXPERIENCED = "EXPERIENCED"
    INTERACTED = "INTERACTED"
    ANSWERED = "ANSWERED"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"


TOLD_BY_COURSES: Final = frozenset({Verb.PUBLISHED, Verb.REGISTERED, Verb.PROGRESSED})
"""What the platform itself says of a course; the rest is what a learner's device says, which may be mistaken."""


class Statement(Model):
    """Somebody did something, at some time. Statements are added and never changed."""

    __tablename__ = "statements"
    __table_args__ = (sa.Index("ix_statements_course_id", "course_id", "actor_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    """The id of the event it tells of, if there is one."""
    actor_id: Mapped[UUID | None]
    verb: Mapped[str]
    object_id: Mapped[UUID]
    course_id: Mapped[UUID | None]
    enrollment_id: Mapped[UUID | None]
    progress: Mapped[float | None] = mapped_column(sa.Double)
    """Of the whole course, 0 to 1; it only grows."""
    occurred_at: Mapped[datetime]
    stored_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


sa.Index("ix_statements_enrollment_id", Statement.enrollment_id, postgresql_where=Statement.verb == Verb.REGISTERED)
