"""The table of data keys, for the migrations of subgraphs that encrypt something.

A version file is history and so is this: never edit a function here once it has run anywhere.
"""

import sqlalchemy as sa
from alembic.operations import Operations


def create_data_keys_table(op: Operations) -> None:
    """As of the first release."""
    op.create_table(
        "data_keys",
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("shredded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("version", name="pk_data_keys"),
        sa.CheckConstraint("(wrapped IS NULL) = (shredded_at IS NOT NULL)", name="ck_data_keys_shredded"),
    )
