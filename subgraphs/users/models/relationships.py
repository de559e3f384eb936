"""What people are to each other."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


class RelationshipKind(StrEnum):
    GUARDIAN = "GUARDIAN"
    MANAGER = "MANAGER"
    MENTOR = "MENTOR"


class Relationship(Model):
    """`user_id` is the guardian, manager or mentor of `of_user_id`."""

    __tablename__ = "relationships"
    __table_args__ = (sa.UniqueConstraint("user_id", "kind", "of_user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    of_user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
