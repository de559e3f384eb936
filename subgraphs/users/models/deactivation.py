"""People who are let in no more, until somebody says otherwise."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


class Deactivation(Model):
    """Is there for as long as the person is deactivated."""

    __tablename__ = "deactivations"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    was: Mapped[str]
    """The person's status before, which they get back."""
    at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
