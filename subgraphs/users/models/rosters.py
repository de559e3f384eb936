"""Imports of people from the rosters of other systems."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from shared.ids import uuid7
from subgraphs.users.models.base import Model


class ImportState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class ImportJob(Model):
    """One roster, imported some rows at a time."""

    __tablename__ = "import_jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    source: Mapped[str]
    """The system whose identifiers the roster has; see `ExternalId`."""
    requested_by: Mapped[UUID]
    role: Mapped[str]
    """Of new people whose row names none."""
    dry_run: Mapped[bool]
    invite: Mapped[bool]
    """New people are mailed their invitation."""
    state: Mapped[str] = mapped_column(server_default=ImportState.RUNNING)
    sealed_text: Mapped[Protected | None] = mapped_column(ProtectedText)
    """The roster as it came; None once it has been kept long enough."""
    total: Mapped[int] = mapped_column(server_default="0")
    done: Mapped[int] = mapped_column(server_default="0")
    """Rows from the beginning that are behind it."""
    created: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    requested_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(server_default="1")


class ImportProblem(Model):
    """Why a row, or a cell of it, was not imported; what stands in the cell is not repeated."""

    __tablename__ = "import_problems"

    job_id: Mapped[UUID] = mapped_column(sa.ForeignKey(ImportJob.id), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """Of the line's errors, from 0."""
    column: Mapped[str | None]
    """None if it is about the whole row."""
    code: Mapped[str]
    message: Mapped[str]
