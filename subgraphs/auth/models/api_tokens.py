"""What programs present instead of signing in."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.service_accounts import ServiceAccount


class ApiToken(Model):
    """A token of a person or of a service account; only its hash is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(user_id, service_account_id) = 1", name="one_owner"),
        sa.UniqueConstraint("digest"),
        sa.Index("ix_api_tokens_user_id_id", "user_id", "id"),
        sa.Index("ix_api_tokens_service_account_id_id", "service_account_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    """Stands where a session's id would in the access tokens that it is exchanged for."""
    digest: Mapped[bytes]
    """SHA-256 of the whole token: see `shared.api_tokens.digest`."""
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"))
    service_account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(ServiceAccount.id, ondelete="CASCADE"))
    name: Mapped[str]
    ending: Mapped[str]
    """Its last characters, by which its owner tells it from others."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    """To the minute: it is not written more often."""
    revoked_at: Mapped[datetime | None]
