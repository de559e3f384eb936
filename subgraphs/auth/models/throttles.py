"""Attempts that went wrong, so that the next ones are slowed down."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.auth.models.base import Model


class Throttle(Model):
    """What counts together: attempts for one account, whoever makes them, or those of one device."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    """A digest, made with a key that no database holds: of an address that may be nobody's, or of a secret typed into
    the wrong field."""
    failures: Mapped[int]
    """Attempts since the last that succeeded; one under way counts as failed."""
    blocked_until: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(index=True)
