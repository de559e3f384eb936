"""Where a tenant is being moved to, and where it was until it is forgotten there."""

from alembic.operations import Operations

revision = "0008"
down_revision = "0007"


def upgrade(op: Operations) -> None:
    op.execute("ALTER TABLE tenant ADD COLUMN moving_to text, ADD COLUMN moved_from text")
