"""Who can sign in."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from subgraphs.auth.models.base import Model


class Account(Model):
    """How a person signs in, and the role that decides what they may do."""

    __tablename__ = "accounts"
    __table_args__ = (sa.UniqueConstraint("email"),)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    sealed_password_hash: Mapped[Protected | None] = mapped_column(ProtectedText(earlier="password-hash"))
    """An argon2id hash, encrypted: a copy of the database alone gives nothing to crack. None if the person has no
    password."""
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    email_verified_at: Mapped[datetime | None]
    """When somebody last showed that they read the mail of the address."""
    deactivated_at: Mapped[datetime | None]
    """Since when nobody gets in with it; None if they do."""
