"""What a tenant wants to know about its people beyond what everybody has."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.users.models.base import Model


class CustomFieldKind(StrEnum):
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    CHOICE = "CHOICE"


class CustomFieldDefinition(Model):
    """One field. Its kind never changes, so that the values kept are always of it."""

    __tablename__ = "custom_field_definitions"
    __table_args__ = (sa.UniqueConstraint("key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    key: Mapped[str]
    label: Mapped[str]
    kind: Mapped[str]
    choices: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    """What a value of kind CHOICE may be."""
    editable_by_self: Mapped[bool] = mapped_column(server_default=sa.false())
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")
