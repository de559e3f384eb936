"""The tables of a subgraph that has nothing but vectors."""

from alembic.operations import Operations

from shared.vectors.baseline import add_released, create_embedding_table

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_embedding_table(op)
    add_released(op)
