"""What people have in the tenant's own fields is encrypted; the column of before is read while it has something."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0014"
down_revision = "0013"


def upgrade(op: Operations) -> None:
    op.add_column("users", sa.Column("sealed_custom_fields", sa.Text))
