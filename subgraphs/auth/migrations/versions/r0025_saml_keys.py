"""A tenant has two keys for a provider that speaks SAML, while it changes from one to the other."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0025"
down_revision = "0024"


def upgrade(op: Operations) -> None:
    op.add_column("saml_providers", sa.Column("other_certificate", sa.Text, nullable=True))
    op.add_column("saml_providers", sa.Column("sealed_other_key", sa.Text, nullable=True))
