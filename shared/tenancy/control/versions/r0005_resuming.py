"""A tenant's people may take back that it was suspended or is to be deleted."""

from alembic.operations import Operations

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    op.execute(
        "ALTER TABLE tenant_job DROP CONSTRAINT ck_tenant_job_kind, ADD CONSTRAINT ck_tenant_job_kind"
        " CHECK (kind IN ('SUSPEND', 'RESUME', 'EXPORT', 'DELETE'))"
    )
