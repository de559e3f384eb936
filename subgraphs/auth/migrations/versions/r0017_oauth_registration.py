"""Apps may have keys, and software may register itself."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0017"
down_revision = "0016"

_TABLE = "oauth_registration_tokens"


def upgrade(op: Operations) -> None:
    op.add_column("oauth_apps", sa.Column("jwks", JSONB))
    by_key = sa.Column("authenticates_by_key", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("oauth_apps", by_key)
    op.add_column("oauth_apps", sa.Column("registration_hash", sa.LargeBinary))
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("uses_left", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("hash", name=f"uq_{_TABLE}_hash"),
    )
    op.create_index(f"ix_{_TABLE}_expires_at", _TABLE, ["expires_at"])
