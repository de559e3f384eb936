"""Two accounts of one person become one."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0010"
down_revision = "0009"


def upgrade(op: Operations) -> None:
    op.add_column("users", sa.Column("merged_into_id", sa.Uuid))
    op.add_column("data_requests", sa.Column("into_id", sa.Uuid))
