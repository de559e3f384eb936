"""Invitations are mailed, and can be sent again."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0006"
down_revision = "0005"


def upgrade(op: Operations) -> None:
    op.add_column("invitations", sa.Column("times_sent", sa.Integer, nullable=False, server_default="1"))
    op.add_column(
        "invitations",
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
