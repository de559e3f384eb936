"""Archives of the tenant, in pieces."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0020"
down_revision = "0019"

_TABLE = "tenant_export_pieces"


def upgrade(op: Operations) -> None:
    op.create_table(
        _TABLE,
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("sealed_content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name=f"pk_{_TABLE}"),
    )
