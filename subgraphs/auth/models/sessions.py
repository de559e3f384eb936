"""Who has signed in, and on what."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model


class Device(Model):
    """A browser or a program that somebody has signed in with. It keeps a code made of its id, and comes with it."""

    __tablename__ = "devices"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    name: Mapped[str | None]
    """As it calls itself."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    last_used_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class SignInSession(Model):
    """One sign-in. Its id is in the token, so that the session can be found again.

    It is also the family of its refresh tokens: they are made of its id and of `refreshes`, and kept nowhere.
    """

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id), index=True)
    device_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Device.id, ondelete="SET NULL"), index=True)
    device: Mapped[Device | None] = relationship(lazy="raise")
    amr: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{pwd}")
    """How its owner proved who they are. Source: RFC 8176."""
    way: Mapped[str | None]
    """The way in that they took: a `shared.tenancy.policies.WayIn`; None if nobody noted it then."""
    authenticated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    """When they did so last."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    last_used_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    """When it was opened or refreshed last."""
    expires_at: Mapped[datetime | None]
    """When it ends if it is not refreshed; None for those that cannot be."""
    refreshes: Mapped[int] = mapped_column(server_default="0")
    refreshed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column()
    """When its owner signed out; its token counts no more from then on."""
