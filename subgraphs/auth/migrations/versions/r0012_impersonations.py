"""People who act in others' names."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0012"
down_revision = "0011"

_TIME = sa.DateTime(timezone=True)


def upgrade(op: Operations) -> None:
    op.create_table(
        "impersonations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("impersonator_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("app_id", sa.Uuid),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_impersonations"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.user_id"], name="fk_impersonations_user_id", ondelete="CASCADE"
        ),
    )
    for column in ("user_id", "impersonator_id", "session_id"):
        op.create_index(f"ix_impersonations_{column}", "impersonations", [column])
