"""Apps of others that people of a tenant let act for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    """Where browsers may return to once somebody has signed out."""
    backchannel_logout_uri: Mapped[str | None] = mapped_column()
    """Where it is told that somebody has signed out. Source: OpenID Connect Back-Channel Logout 1.0, section 2.2."""
    backchannel_logout_session_required: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether it has to be told which of the person's sessions that was."""
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Its public keys: it signs its authorization requests with them, and perhaps proves by them who it is."""
    authenticates_by_key: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether it has a key in place of a secret. Source: RFC 7523, section 2.2."""
    registration_hash: Mapped[bytes | None] = mapped_column()
    """Of the token with which it reads and changes its own registration. Source: RFC 7592."""
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    removed_at: Mapped[datetime | None] = mapped_column()

    @property
    def has_secret(self) -> bool:
        """Whether it proves by a secret who it is."""
        return self.confidential and not self.authenticates_by_key


class OAuthAppSecret(Model):
    """A secret of an app: there are two of them while it changes from one to the next."""

    __tablename__ = "oauth_app_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id), index=True)
    hash: Mapped[bytes]
    """SHA-256: the secret is random, of 256 bits."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime | None] = mapped_column()


class OAuthRegistrationToken(Model):
    """With which software registers itself, as often as its maker allows. Source: RFC 7591, section 1.2."""

    __tablename__ = "oauth_registration_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    """Most that such software may ever be granted."""
    uses_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_by: Mapped[UUID]
