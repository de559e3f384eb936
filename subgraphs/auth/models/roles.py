"""Roles that a tenant has made, and who has which role where."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.base import Model


class TenantRole(Model):
    """A set of permissions with a name, of the tenant's own making, or one that every tenant has, adjusted."""

    __tablename__ = "roles"
    __table_args__ = (sa.UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    permissions: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    forbids: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    """What it takes away from whoever has it, whatever their other roles give."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class RoleAssignment(Model):
    """A person or a service account has a role at a place, until it ends or is revoked; the rows stay."""

    __tablename__ = "role_assignments"
    __table_args__ = (
        sa.Index(
            "uq_role_assignments_standing",
            "user_id",
            "role_id",
            "place_kind",
            "place_id",
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
        sa.Index("ix_role_assignments_role_id", "role_id"),
        sa.Index("ix_role_assignments_place_id_id", "place_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID]
    """The person's, or the service account's."""
    role_id: Mapped[UUID]
    """A row of `roles`, or one of the roles that every tenant has as it is."""
    place_kind: Mapped[str]
    place_id: Mapped[UUID]
    valid_to: Mapped[datetime | None]
    """From then on it counts no more."""
    assigned_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    revoked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
