"""The tenant's data keys, which encrypt its secrets."""

from alembic.operations import Operations

from shared.data_keys.baseline import create_data_keys_table

revision = "0010"
down_revision = "0009"


def upgrade(op: Operations) -> None:
    create_data_keys_table(op)
