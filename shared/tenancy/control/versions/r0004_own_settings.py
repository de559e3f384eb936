"""What a tenant settles of itself, what it may use at most, where it is kept, and what was ordered for it.

Deletion that was ordered shows as ``delete_after`` of a suspended tenant, not as another status: code of the revision
before knows three.
"""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    op.execute(
        "ALTER TABLE tenant ADD COLUMN version integer NOT NULL DEFAULT 1,"
        " ADD COLUMN branding jsonb NOT NULL DEFAULT '{}', ADD COLUMN flags jsonb NOT NULL DEFAULT '{}',"
        " ADD COLUMN quotas jsonb NOT NULL DEFAULT '{}', ADD COLUMN ceilings jsonb NOT NULL DEFAULT '{}',"
        " ADD COLUMN server text, ADD COLUMN delete_after timestamptz"
    )
    op.create_table(
        "tenant_domain",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("domain", sa.Text, primary_key=True),
        sa.Column("challenge", sa.Text, nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "uq_tenant_domain_verified",
        "tenant_domain",
        ["domain"],
        unique=True,
        postgresql_where=sa.text("verified_at IS NOT NULL"),
    )
    op.create_table(
        "tenant_usage",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("measure", sa.Text, primary_key=True),
        sa.Column("used", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint("used >= 0", name="ck_tenant_usage_used"),
    )
    op.create_table(
        "tenant_job",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="WAITING"),
        sa.Column("ordered_by", sa.Uuid),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("outcome", JSONB, nullable=False, server_default="{}"),
        sa.CheckConstraint("kind IN ('SUSPEND', 'EXPORT', 'DELETE')", name="ck_tenant_job_kind"),
        sa.CheckConstraint("state IN ('WAITING', 'DONE', 'FAILED')", name="ck_tenant_job_state"),
    )
    op.create_index("ix_tenant_job_waiting", "tenant_job", ["id"], postgresql_where=sa.text("state = 'WAITING'"))
    op.create_index("ix_tenant_job_tenant_id", "tenant_job", ["tenant_id"])
    op.execute(
        "CREATE OR REPLACE VIEW tenant_directory AS SELECT id, slug, name, plan, status, created_at, features, region,"
        " version, branding, flags, quotas, ceilings, server, delete_after FROM tenant"
    )
