"""Who came through a provider learns why no account is opened for them."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0026"
down_revision = "0025"


def upgrade(op: Operations) -> None:
    op.add_column("federated_sign_ins", sa.Column("refusal", sa.Text, nullable=True))
