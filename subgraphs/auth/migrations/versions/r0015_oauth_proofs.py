"""Tokens may be issued to keys, and what proves that somebody has one is good once."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0015"
down_revision = "0014"

_TABLE = "oauth_used_proofs"


def upgrade(op: Operations) -> None:
    op.create_table(
        _TABLE,
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=f"pk_{_TABLE}"),
    )
    op.create_index(f"ix_{_TABLE}_expires_at", _TABLE, ["expires_at"])
    op.add_column("oauth_grants", sa.Column("jkt", sa.Text))
    op.add_column("oauth_codes", sa.Column("jkt", sa.Text))
    bound = sa.Column("dpop_bound_tokens", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("oauth_apps", bound)
