"""The tables of a subgraph that keeps secrets."""

import sqlalchemy as sa
from alembic.operations import Operations

from shared.data_keys.baseline import create_data_keys_table

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_data_keys_table(op)
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
    )
