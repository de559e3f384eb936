"""Devices without a keyboard or a browser that ask to act for somebody. Source: RFC 8628."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.oauth_apps import OAuthApp


class OAuthDeviceRequest(Model):
    """What one device waits for: somebody who types its code into a browser and says yes or no."""

    __tablename__ = "oauth_device_requests"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    """Of the code that the device keeps to itself."""
    user_code_digest: Mapped[bytes] = mapped_column(unique=True)
    """Of the code that it shows, which is short: made with a key that no database holds."""
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id), index=True)
    scope: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    interval_seconds: Mapped[int]
    """For which it has to rest between two questions."""
    asked_at: Mapped[datetime | None] = mapped_column()
    """When it last did."""
    approved: Mapped[bool | None] = mapped_column()
    """None until somebody has decided."""
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    """Who has."""
    auth_time: Mapped[datetime | None] = mapped_column()
    amr: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
