"""People, and what a tenant keeps about them."""

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


class UserStatus(StrEnum):
    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    DEACTIVATED = "DEACTIVATED"
    ERASED = "ERASED"


class User(Model):
    """A person. Invited people are here before they sign up, so that others can already refer to them."""

    __tablename__ = "users"
    __table_args__ = (sa.UniqueConstraint("email"), sa.UniqueConstraint("handle"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str]
    display_name: Mapped[str]
    handle: Mapped[str | None]
    locale: Mapped[str] = mapped_column(server_default="en")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    """A name of the IANA time zone database."""
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    custom_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """In the clear, as of before they were encrypted: read and written by `service.sealed_fields` alone."""
    sealed_custom_fields: Mapped[Protected | None] = mapped_column(ProtectedText(plain="custom_fields"))
    """Values by the key of their definition, as JSON of the definition's kind."""
    role: Mapped[str]
    status: Mapped[str]
    can_sign_in: Mapped[bool] = mapped_column(server_default=sa.false())
    """The auth subgraph has opened the account."""
    merged_into_id: Mapped[UUID | None]
    """As whom the person goes on; of this account nothing is left."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class ExternalId(Model):
    """What another system (a school's register, a company's directory) calls a person."""

    __tablename__ = "external_ids"
    __table_args__ = (sa.UniqueConstraint("source", "external_id"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str]
