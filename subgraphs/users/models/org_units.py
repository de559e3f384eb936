"""The tree of a tenant's parts: schools, departments, classes."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


class OrgUnit(Model):
    """A part of the tenant; one without a parent is a root, and there may be several."""

    __tablename__ = "org_units"
    __table_args__ = (sa.UniqueConstraint("code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    code: Mapped[str | None]
    """What rosters call it."""
    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tenant.org_units.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class OrgUnitPath(Model):
    """The transitive closure of the tree: a row for every unit and each unit above it, itself included.

    So what is above or below many units is one indexed read, however deep the tree is.
    """

    __tablename__ = "org_unit_paths"

    descendant_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OrgUnit.id), primary_key=True)
    ancestor_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OrgUnit.id), primary_key=True, index=True)
    distance: Mapped[int]
    """0 for the unit itself, 1 for its parent."""


class OrgUnitMember(Model):
    """A person belongs to a unit."""

    __tablename__ = "org_unit_members"

    org_unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OrgUnit.id), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True, index=True)
    added_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
