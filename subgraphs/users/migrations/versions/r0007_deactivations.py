"""People can be deactivated, and be again what they were before."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0007"
down_revision = "0006"


def upgrade(op: Operations) -> None:
    op.create_table(
        "deactivations",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("was", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("user_id", name="pk_deactivations"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_deactivations_user_id"),
    )
