"""What a provisioning client (SCIM) has said of people and groups, beside what every person and group has."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.users.models.base import Model
from subgraphs.users.models.groups import Group
from subgraphs.users.models.people import User


class ProvisionedUser(Model):
    """A person as their directory knows them."""

    __tablename__ = "provisioned_users"
    __table_args__ = (sa.UniqueConstraint("user_name_key"), sa.UniqueConstraint("external_id"))

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    user_name: Mapped[str]
    user_name_key: Mapped[str]
    """The name in the form in which names are compared."""
    external_id: Mapped[str | None] = mapped_column()
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What else was said, as JSON of the resource; the person's own row is right about what both have."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    removed_at: Mapped[datetime | None]
    """When the directory took the person away; they are seen by it again when they are let in again."""


class ProvisionedGroup(Model):
    """A group as the directory knows it."""

    __tablename__ = "provisioned_groups"
    __table_args__ = (sa.UniqueConstraint("external_id"),)

    group_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Group.id, ondelete="CASCADE"), primary_key=True)
    external_id: Mapped[str]
