"""Groups of people across the tenant."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


class Group(Model):
    __tablename__ = "groups"
    __table_args__ = (sa.UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class GroupMember(Model):
    """A person is in a group."""

    __tablename__ = "group_members"

    group_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Group.id), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True, index=True)
    added_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
