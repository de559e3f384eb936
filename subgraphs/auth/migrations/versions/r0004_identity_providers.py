"""Identity providers, who comes through them, and sign-ins there."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    # who signs in through a provider alone has no password
    op.alter_column("accounts", "sealed_password_hash", nullable=True)
    op.create_table(
        "identity_providers",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("sealed_client_secret", sa.Text, nullable=False),
        sa.Column("email_domains", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("return_uris", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("opens_accounts", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_identity_providers"),
        sa.UniqueConstraint("alias", name="uq_identity_providers_alias"),
    )
    op.create_table(
        "federated_identities",
        sa.Column("provider_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("provider_id", "subject", name="pk_federated_identities"),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name="fk_federated_identities_provider_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="fk_federated_identities_user_id"),
    )
    op.create_index("ix_federated_identities_user_id", "federated_identities", ["user_id"])
    op.create_table(
        "federated_sign_ins",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("provider_id", sa.Uuid, nullable=False),
        sa.Column("state_hash", sa.LargeBinary, nullable=False),
        sa.Column("browser_hash", sa.LargeBinary, nullable=False),
        sa.Column("sealed_proofs", sa.Text, nullable=False),
        sa.Column("return_uri", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("subject", sa.Text),
        sa.Column("code_hash", sa.LargeBinary),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_federated_sign_ins"),
        sa.UniqueConstraint("state_hash", name="uq_federated_sign_ins_state_hash"),
        sa.UniqueConstraint("code_hash", name="uq_federated_sign_ins_code_hash"),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name="fk_federated_sign_ins_provider_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_federated_sign_ins_provider_id", "federated_sign_ins", ["provider_id"])
    op.create_index("ix_federated_sign_ins_expires_at", "federated_sign_ins", ["expires_at"])
