"""The table a subgraph with vectors creates in its first migration.

A version file is history and so is this: a change is a new function, called by a new revision.
"""

import sqlalchemy as sa
from alembic.operations import Operations
from pgvector.sqlalchemy import Vector

EXTENSION = "vector"


def create_embedding_table(op: Operations) -> None:
    """Vectors of 256 dimensions and their HNSW index, as of the first release."""
    op.create_table(
        "embedding", sa.Column("id", sa.Uuid, primary_key=True), sa.Column("vector", Vector(256), nullable=False)
    )
    op.create_index(
        "ix_embedding_vector",
        "embedding",
        ["vector"],
        postgresql_using="hnsw",
        postgresql_ops={"vector": "vector_cosine_ops"},
    )


def add_released(op: Operations) -> None:
    """Tell what is meant for everybody; the vectors that are there are told when their index is built again."""
    op.add_column("embedding", sa.Column("released", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("embedding", "released", server_default=None)
