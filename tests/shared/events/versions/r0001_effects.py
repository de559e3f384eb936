"""What a subgraph on the bus has, and one table for what its handlers do."""

import sqlalchemy as sa
from alembic.operations import Operations

from shared.tenancy.baseline import create_event_tables

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_event_tables(op)
    op.create_table(
        "effect", sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True), sa.Column("note", sa.Text)
    )
