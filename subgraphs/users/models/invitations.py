"""Invitations to sign up."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


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
    sent_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    """When it was mailed last."""
    times_sent: Mapped[int] = mapped_column(server_default="1")
    claimed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
