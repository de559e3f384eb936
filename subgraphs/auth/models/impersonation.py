"""Acting in another person's name."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model


class Impersonation(Model):
    """Somebody acts for a while in a person's name. Its id stands in the token where a session's would."""

    __tablename__ = "impersonations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    """In whose name; what is kept of it is theirs."""
    impersonator_id: Mapped[UUID] = mapped_column(index=True)
    """Who acts. It outlives their account: the person goes on to see that somebody did."""
    session_id: Mapped[UUID] = mapped_column(index=True)
    """The session, or the family of tokens, in which they began; it ends with that."""
    app_id: Mapped[UUID | None]
    """The OAuth app through which they act; None if they do so in the graph."""
    reason: Mapped[str]
    """As they say it to the person."""
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
