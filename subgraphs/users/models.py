"""The tables of the users subgraph, in each tenant's schema."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Base, subgraph_metadata
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


class Invitation(Model):
    """An invitation sent; several may be open for one person, and each can be used once."""

    __tablename__ = "invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    batch_id: Mapped[UUID] = mapped_column(index=True)
    """The `inviteUsers` it was sent with."""
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), index=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
