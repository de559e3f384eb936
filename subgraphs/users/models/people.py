"""People."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.users.models.base import Model


class UserStatus(StrEnum):
    INVITED = "INVITED"
    ACTIVE = "ACTIVE"


class User(Model):
    """A person. Invited people are here before they sign up, so that others can already refer to them."""

    __tablename__ = "users"
    __table_args__ = (sa.UniqueConstraint("email"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str]
    display_name: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
    role: Mapped[str]
    status: Mapped[str]
    can_sign_in: Mapped[bool] = mapped_column(server_default=sa.false())
    """The auth subgraph has opened the account."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")
