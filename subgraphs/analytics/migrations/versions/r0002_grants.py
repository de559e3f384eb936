"""Roles that others assign, as far as they decide about the figures of courses."""

from alembic.operations import Operations

from shared.permissions.baseline import create_grant_tables

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    create_grant_tables(op)
