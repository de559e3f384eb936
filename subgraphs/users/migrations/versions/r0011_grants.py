"""Roles that others assign, as far as they decide about org units."""

from alembic.operations import Operations

from shared.permissions.baseline import create_grant_tables

revision = "0011"
down_revision = "0010"


def upgrade(op: Operations) -> None:
    create_grant_tables(op)
