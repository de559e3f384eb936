"""What is told to people of themselves is sealed for one key a request, which is kept encrypted, and not for ever."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0013"
down_revision = "0012"


def upgrade(op: Operations) -> None:
    op.add_column("data_requests", sa.Column("sealed_key", sa.Text))
    op.add_column("exported_rows", sa.Column("sealed", sa.Text))
