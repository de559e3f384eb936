"""Accounts can be closed for a while."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0011"
down_revision = "0010"


def upgrade(op: Operations) -> None:
    op.add_column("accounts", sa.Column("deactivated_at", sa.DateTime(timezone=True)))
