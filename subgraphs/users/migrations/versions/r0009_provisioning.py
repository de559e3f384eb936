"""What directories say of people and groups."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"


def upgrade(op: Operations) -> None:
    op.create_table(
        "provisioned_users",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("user_name_key", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("attributes", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("user_id", name="pk_provisioned_users"),
        sa.UniqueConstraint("user_name_key", name="uq_provisioned_users_user_name_key"),
        sa.UniqueConstraint("external_id", name="uq_provisioned_users_external_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_provisioned_users_user_id"),
    )
    op.create_table(
        "provisioned_groups",
        sa.Column("group_id", sa.Uuid, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("group_id", name="pk_provisioned_groups"),
        sa.UniqueConstraint("external_id", name="uq_provisioned_groups_external_id"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_provisioned_groups_group_id", ondelete="CASCADE"),
    )
