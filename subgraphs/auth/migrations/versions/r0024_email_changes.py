"""People change their addresses, and can take that back for a while."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0024"
down_revision = "0023"


def upgrade(op: Operations) -> None:
    op.create_table(
        "email_changes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("accounts.user_id", ondelete="CASCADE"), nullable=False),
        sa.Column("from_email", sa.Text, nullable=False),
        sa.Column("to_email", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("made_at", sa.DateTime(timezone=True)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_email_changes_user_id", "email_changes", ["user_id"])
