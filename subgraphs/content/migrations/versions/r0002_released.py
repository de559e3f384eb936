"""Which vectors are of lessons that stand in a published course."""

from alembic.operations import Operations

from shared.vectors.baseline import add_released

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    add_released(op)
