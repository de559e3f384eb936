"""Profiles: handles, time zones, preferences, other systems' identifiers, and fields that tenants define."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    op.add_column("users", sa.Column("handle", sa.Text))
    op.create_unique_constraint("uq_users_handle", "users", ["handle"])
    op.add_column("users", sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"))
    op.add_column("users", sa.Column("preferences", JSONB, nullable=False, server_default="{}"))
    op.add_column("users", sa.Column("custom_fields", JSONB, nullable=False, server_default="{}"))
    op.create_table(
        "external_ids",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "source", name="pk_external_ids"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_external_ids_user_id"),
        sa.UniqueConstraint("source", "external_id", name="uq_external_ids_source_external_id"),
    )
    op.create_table(
        "custom_field_definitions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("choices", JSONB, nullable=False, server_default="[]"),
        sa.Column("editable_by_self", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_custom_field_definitions"),
        sa.UniqueConstraint("key", name="uq_custom_field_definitions_key"),
    )
