"""Sign-ins through others know when and how the provider has had their person prove who they are."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0023"
down_revision = "0022"


def upgrade(op: Operations) -> None:
    op.add_column(
        "identity_providers", sa.Column("second_factor_counts", sa.Boolean, server_default=sa.false(), nullable=False)
    )
    op.add_column("federated_sign_ins", sa.Column("asked_again", sa.Boolean, server_default=sa.false(), nullable=False))
    op.add_column("federated_sign_ins", sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("federated_sign_ins", sa.Column("amr", ARRAY(sa.Text), nullable=True))
