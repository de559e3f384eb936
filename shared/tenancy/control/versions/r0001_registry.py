"""The tenant registry, the sign-ups waiting for provisioning, and the directory subgraphs may read."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("attempt_key", sa.Text),
        sa.Column("attempt_fingerprint", sa.LargeBinary),
        sa.UniqueConstraint("slug", name="uq_tenant_slug"),
        sa.CheckConstraint("status IN ('PROVISIONING', 'ACTIVE', 'SUSPENDED')", name="ck_tenant_status"),
    )
    op.create_table(
        "sign_up",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("owner_email", sa.Text, nullable=False),
        sa.Column("owner_name", sa.Text, nullable=False),
        sa.Column("sealed_password_hash", sa.Text, nullable=False),
    )
    op.execute("CREATE VIEW tenant_directory AS SELECT id, slug, name, plan, status, created_at FROM tenant")
