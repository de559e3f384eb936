"""Programs that have an account of their own."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.base import Model


class ServiceAccount(Model):
    """A program of the tenant's. It signs in with API tokens alone, and stays when whoever set it up has left."""

    __tablename__ = "service_accounts"
    __table_args__ = (sa.UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    role: Mapped[str]
    """What it may do at most, as for a person."""
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    disabled_at: Mapped[datetime | None]
