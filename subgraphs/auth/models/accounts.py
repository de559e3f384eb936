"""Who can sign in, and who has."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.base import Model


class Account(Model):
    """How a person signs in, and the role that decides what they may do."""

    __tablename__ = "accounts"
    __table_args__ = (sa.UniqueConstraint("email"),)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    sealed_password_hash: Mapped[str]
    """An argon2id hash, sealed for this user id: a copy of the database alone gives nothing to crack."""
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class SignInSession(Model):
    """One sign-in. Its id is in the token, so that the session can be found again."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    ended_at: Mapped[datetime | None] = mapped_column()
    """When its owner signed out; its token counts no more from then on."""
