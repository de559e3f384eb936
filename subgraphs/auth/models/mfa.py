"""Second factors, and sign-ins that wait for one."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.sessions import Device


class TotpFactor(Model):
    """A person's authenticator app. It counts once a code of it has confirmed that the person has it."""

    __tablename__ = "totp_factors"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    name: Mapped[str | None]
    sealed_secret: Mapped[Protected] = mapped_column(ProtectedText(earlier="totp-secret"))
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The time step of the last code that was accepted: no code up to it counts again."""


class RecoveryCode(Model):
    """A code on paper, for whoever has lost their second factor; each works once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    """Made with a key that no database holds."""
    used_at: Mapped[datetime | None]


class MfaChallenge(Model):
    """A sign-in whose first factor was right, and whose second is awaited. The client holds a code made of its id."""

    __tablename__ = "mfa_challenges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    device_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Device.id, ondelete="SET NULL"), index=True)
    """The device it comes from, if that was known before."""
    amr: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    """The first factor."""
    way: Mapped[str | None]
    """The way in that it is of."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    passed_at: Mapped[datetime | None]
