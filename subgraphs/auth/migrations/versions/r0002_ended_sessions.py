"""Sessions end when their owners sign out."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    op.add_column("sessions", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
