"""Sessions know which way in their person has taken, so that a tenant can close it."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0022"
down_revision = "0021"


def upgrade(op: Operations) -> None:
    op.add_column("sessions", sa.Column("way", sa.Text, nullable=True))
    op.add_column("mfa_challenges", sa.Column("way", sa.Text, nullable=True))
