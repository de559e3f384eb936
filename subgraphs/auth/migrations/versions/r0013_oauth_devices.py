"""Devices without a keyboard that wait for somebody's consent."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0013"
down_revision = "0012"

_TABLE = "oauth_device_requests"


def upgrade(op: Operations) -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        _TABLE,
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("user_code_digest", sa.LargeBinary, nullable=False),
        sa.Column("app_id", sa.Uuid, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.Column("interval_seconds", sa.Integer, nullable=False),
        sa.Column("asked_at", time),
        sa.Column("approved", sa.Boolean),
        sa.Column("user_id", sa.Uuid),
        sa.Column("auth_time", time),
        sa.Column("amr", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("hash", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("user_code_digest", name=f"uq_{_TABLE}_user_code_digest"),
        sa.ForeignKeyConstraint(["app_id"], ["oauth_apps.id"], name=f"fk_{_TABLE}_app_id"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name=f"fk_{_TABLE}_user_id", ondelete="CASCADE"),
    )
    for column in ("app_id", "expires_at", "user_id"):
        op.create_index(f"ix_{_TABLE}_{column}", _TABLE, [column])
