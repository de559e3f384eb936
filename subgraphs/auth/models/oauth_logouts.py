"""Apps that have yet to be told that somebody has signed out."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.oauth_apps import OAuthApp


class OAuthLogout(Model):
    """What one app is owed: it is kept until the app has taken it, or for some hours."""

    __tablename__ = "oauth_logouts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id))
    subject: Mapped[str]
    """Who has signed out, as the app knows them; they may be erased before it was told."""
    session_id: Mapped[UUID]
    """Which of their sessions has ended."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(index=True)
    """When the app is told next."""
