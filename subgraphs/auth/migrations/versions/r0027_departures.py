"""Who was erased or merged, so that nothing that is told of them late makes them anew."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0027"
down_revision = "0026"


def upgrade(op: Operations) -> None:
    op.create_table(
        "departures",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("into_id", sa.Uuid),
        sa.Column("departed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
