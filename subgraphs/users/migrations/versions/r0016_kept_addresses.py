"""Addresses that people have given up, and may come back to for a while."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0016"
down_revision = "0015"


def upgrade(op: Operations) -> None:
    op.create_table(
        "kept_addresses",
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("email", name="pk_kept_addresses"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_kept_addresses_user_id"),
    )
    op.create_index("ix_kept_addresses_user_id", "kept_addresses", ["user_id"])
