"""Clients may prove that it is they who have begun to sign in through a provider."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0021"
down_revision = "0020"


def upgrade(op: Operations) -> None:
    op.add_column("federated_sign_ins", sa.Column("code_challenge", sa.Text, nullable=True))
