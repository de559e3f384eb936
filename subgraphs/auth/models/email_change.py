"""Addresses that people change."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model


class EmailChange(Model):
    """Another address for an account: asked for, confirmed by who reads its mail, made, and perhaps undone."""

    __tablename__ = "email_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    from_email: Mapped[str]
    to_email: Mapped[str]
    expires_at: Mapped[datetime]
    """Until when it can be confirmed; from when it is made, until when it can be undone."""
    confirmed_at: Mapped[datetime | None]
    made_at: Mapped[datetime | None]
    """Since when the account has the address."""
    undone_at: Mapped[datetime | None]
