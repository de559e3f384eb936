"""Handled events, and the vectors of lessons; the lessons themselves are documents."""

from alembic.operations import Operations

from shared.tenancy.baseline import create_event_tables
from shared.vectors.baseline import create_embedding_table

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_event_tables(op)
    create_embedding_table(op)
