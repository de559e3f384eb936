"""What people have granted to apps, and the codes and tokens that stand for it. Of secrets, only hashes are kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.oauth_apps import OAuthApp


class OAuthGrant(Model):
    """One authorization of an app: a family of tokens that end together. Its id is the session in its access tokens."""

    __tablename__ = "oauth_grants"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id), index=True)
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    """Whom the app acts for; None if for itself."""
    scope: Mapped[str]
    jkt: Mapped[str | None] = mapped_column()
    """The thumbprint of the key that its tokens are issued to; None if they are good for whoever has them."""
    auth_time: Mapped[datetime | None] = mapped_column()
    amr: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    """How the person had signed in. Source: RFC 8176."""
    session_id: Mapped[UUID | None] = mapped_column(index=True)
    """The sign-in in whose browser it was granted; None for devices and for apps that act for themselves."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column()


class OAuthCode(Model):
    """An authorization code. It is kept after its use, so that a second use is noticed."""

    __tablename__ = "oauth_codes"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"))
    redirect_uri: Mapped[str]
    redirect_uri_given: Mapped[bool]
    """Whether the authorization request named it; then the token request has to as well."""
    scope: Mapped[str]
    nonce: Mapped[str | None] = mapped_column()
    code_challenge: Mapped[str]
    jkt: Mapped[str | None] = mapped_column()
    """Of the only key that it can be redeemed with, if the app has named one. Source: RFC 9449, section 10."""
    auth_time: Mapped[datetime]
    amr: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    session_id: Mapped[UUID | None] = mapped_column()
    """In which the person was asked."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    grant_id: Mapped[UUID | None] = mapped_column()
    """What it was redeemed for; None until then."""


class OAuthRefreshToken(Model):
    """A refresh token, good for one use."""

    __tablename__ = "oauth_refresh_tokens"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthGrant.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    used_at: Mapped[datetime | None] = mapped_column()
    sealed_answer: Mapped[Protected | None] = mapped_column(ProtectedText)
    """What it was exchanged for: who asks twice at once is told the same."""


class OAuthConsent(Model):
    """What a person has allowed an app, so that they need not be asked again."""

    __tablename__ = "oauth_consents"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), primary_key=True)
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id), primary_key=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    granted_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class OAuthPushedRequest(Model):
    """An authorization request that its app has sent ahead. Source: RFC 9126."""

    __tablename__ = "oauth_pushed_requests"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    app_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OAuthApp.id))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None] = mapped_column()
