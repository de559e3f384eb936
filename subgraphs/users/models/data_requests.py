"""What people want to know of what is held of them, or want forgotten."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from shared.ids import uuid7
from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


class DataRequestKind(StrEnum):
    EXPORT = "EXPORT"
    ERASE = "ERASE"
    MERGE = "MERGE"


class DataRequestState(StrEnum):
    PENDING = "PENDING"
    DONE = "DONE"


class DataRequest(Model):
    """One request about one person, which every subgraph has to answer."""

    __tablename__ = "data_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), index=True)
    into_id: Mapped[UUID | None]
    """As whom the person goes on, if it is a merge."""
    requested_by: Mapped[UUID]
    sealed_key: Mapped[Protected | None] = mapped_column(ProtectedText)
    """Of an export: opens the rows that were told; without it, wherever copies of them are, nobody can read them."""
    state: Mapped[str] = mapped_column(server_default=DataRequestState.PENDING)
    requested_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    completed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")


class DataRequestPart(Model):
    """What one subgraph has to answer, and has."""

    __tablename__ = "data_request_parts"

    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey(DataRequest.id), primary_key=True)
    subgraph: Mapped[str] = mapped_column(primary_key=True)
    received: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    """Numbers of the pieces of an export that are here: they may come in any order, and twice."""
    rows: Mapped[int] = mapped_column(server_default="0")
    answered_at: Mapped[datetime | None]


class ExportedRow(Model):
    """Something that is held of a person, for them to read while the export is kept."""

    __tablename__ = "exported_rows"

    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey(DataRequest.id), primary_key=True)
    subgraph: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    table: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Both are empty where the row is sealed: they are of exports that were requested before rows were."""
    sealed: Mapped[str | None]
    """The table's name and the data, for the request's key."""
