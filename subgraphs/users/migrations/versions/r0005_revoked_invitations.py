"""Invitations can be taken back."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    op.add_column("invitations", sa.Column("revoked_at", sa.DateTime(timezone=True)))
