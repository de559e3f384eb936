"""Apps of others that people of a tenant let act for them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.base import Model


class OAuthApp(Model):
    """A client in the sense of RFC 6749; its id is the `client_id`."""

    __tablename__ = "oauth_apps"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    confidential: Mapped[bool]
    """Whether it can keep a secret; one that runs on people's devices cannot."""
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    """Most that it may ever be granted."""
    grant_types: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    may_introspect: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether it may ask about tokens of other apps, as a resource server does."""
    pushed_requests_only: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether it has to push its authorization requests. Source: RFC 9126, section 6."""
    dpop_bound_tokens: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether it gets tokens for keys of its own alone. Source: RFC 9449, section 5.2."""
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    removed_at: Mapped[datetime | None] = mapped_column()


class OAuthAppSecret(Model):
    """A secret of an app: there are two of them while it changes from one to the next."""

    __tablename__ = "oauth_app_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id), index=True)
    hash: Mapped[bytes]
    """SHA-256: the secret is random, of 256 bits."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime | None] = mapped_column()
