"""Addresses that are nobody's, and not anybody's to take."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


class KeptAddress(Model):
    """An address that a person has changed for another: they may come back to it, as a thief may have changed it."""

    __tablename__ = "kept_addresses"

    email: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), index=True)
    kept_until: Mapped[datetime]
