"""Identity providers that are spoken with by SAML, and the assertions that were used."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0014"
down_revision = "0013"


def upgrade(op: Operations) -> None:
    op.create_table(
        "saml_providers",
        sa.Column("provider_id", sa.Uuid, nullable=False),
        sa.Column("sso_url", sa.Text, nullable=False),
        sa.Column("certificates", ARRAY(sa.Text), nullable=False),
        sa.Column("own_certificate", sa.Text, nullable=False),
        sa.Column("metadata_url", sa.Text),
        sa.Column("name_id_format", sa.Text, nullable=False),
        sa.Column("attributes", JSONB, nullable=False, server_default="{}"),
        sa.Column("role_values", JSONB, nullable=False, server_default="{}"),
        sa.Column("allows_unsolicited", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("provider_id", name="pk_saml_providers"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["identity_providers.id"], name="fk_saml_providers_provider_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "saml_assertions",
        sa.Column("provider_id", sa.Uuid, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "hash", name="pk_saml_assertions"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["identity_providers.id"], name="fk_saml_assertions_provider_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_saml_assertions_ends_at", "saml_assertions", ["ends_at"])
