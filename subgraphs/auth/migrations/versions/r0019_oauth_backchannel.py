"""Apps may be told that somebody has signed out, and grants say in which session they were made."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0019"
down_revision = "0018"

_TABLE = "oauth_logouts"


def upgrade(op: Operations) -> None:
    op.add_column("oauth_apps", sa.Column("backchannel_logout_uri", sa.Text))
    required = sa.Column("backchannel_logout_session_required", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("oauth_apps", required)
    op.add_column("oauth_codes", sa.Column("session_id", sa.Uuid))
    op.add_column("oauth_grants", sa.Column("session_id", sa.Uuid))
    op.create_index("ix_oauth_grants_session_id", "oauth_grants", ["session_id"])
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("app_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
        sa.ForeignKeyConstraint(["app_id"], ["oauth_apps.id"], name=f"fk_{_TABLE}_app_id_oauth_apps"),
    )
    op.create_index(f"ix_{_TABLE}_next_at", _TABLE, ["next_at"])
