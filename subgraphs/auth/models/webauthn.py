"""Passkeys, and the challenges that they answer. Source: Web Authentication, level 3, section 4 (credential record)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model


class Passkey(Model):
    """A key pair on a person's device or in their password manager; here stands the public half."""

    __tablename__ = "passkeys"
    __table_args__ = (sa.UniqueConstraint("credential_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes]
    """As its authenticator calls it."""
    public_key: Mapped[bytes]
    """A COSE key. Source: RFC 9052, section 7."""
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    """How often it has signed, as it last said itself; 0 for ever if it does not count."""
    verifies_user: Mapped[bool]
    """Its authenticator asked for a PIN, a finger or a face when it was made."""
    backup_eligible: Mapped[bool]
    """It may be on several devices. This never changes."""
    backed_up: Mapped[bool]
    transports: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    """How browsers reach it: hints for them."""
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    last_used_at: Mapped[datetime | None]
    suspected_at: Mapped[datetime | None]
    """Since when it looks as if there were a copy of it; it is not accepted from then on."""


class WebAuthnChallenge(Model):
    """Something to sign, once and soon, by whom and for what it was made."""

    __tablename__ = "webauthn_challenges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    purpose: Mapped[str]
    challenge: Mapped[bytes]
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    """Who is to sign; None for whoever wants to sign in."""
    session_id: Mapped[UUID | None]
    """The session that it belongs to, or the sign-in that waits for it (`MfaChallenge`); None if there is neither."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
