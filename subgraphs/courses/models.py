"""The tables of the courses subgraph, in each tenant's schema."""

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
from shared.permissions.feed import grant_tables


class Model(Base):
    __abstract__ = True
    metadata = subgraph_metadata()


outbox_table(Model.metadata)
inbox_table(Model.metadata)
idempotency_table(Model.metadata)
departures_table(Model.metadata)
grant_tables(Model.metadata)


class CourseStatus(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class EnrollmentState(StrEnum):
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"


class Course(Model):
    __tablename__ = "courses"
    __table_args__ = (sa.UniqueConstraint("slug"), sa.Index("ix_courses_published_at_id", "published_at", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default=CourseStatus.DRAFT)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class Module(Model):
    __tablename__ = "modules"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    course_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Course.id), index=True)
    title: Mapped[str]
    position: Mapped[int]


class ModuleItem(Model):
    """A place in a module where something is learned; what it is stands in the content subgraph."""

    __tablename__ = "module_items"
    __table_args__ = (sa.UniqueConstraint("module_id", "item_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    module_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Module.id))
    item_id: Mapped[UUID]
    position: Mapped[int]


class Enrollment(Model):
    __tablename__ = "enrollments"
    __table_args__ = (
        sa.UniqueConstraint("course_id", "user_id"),
        sa.Index("ix_enrollments_user_id_id", "user_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    course_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Course.id))
    user_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(server_default=EnrollmentState.ACTIVE)
    enrolled_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class ItemProgress(Model):
    """How far a learner is with an item of a course; it never goes back."""

    __tablename__ = "item_progress"
    __table_args__ = (sa.CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),)

    enrollment_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Enrollment.id), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    percent: Mapped[int]
    completed_at: Mapped[datetime | None]
