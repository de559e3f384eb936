"""A tenant's people order one archive of it at a time."""

from alembic.operations import Operations

revision = "0006"
down_revision = "0005"


def upgrade(op: Operations) -> None:
    op.execute(
        "CREATE UNIQUE INDEX uq_tenant_job_export ON tenant_job (tenant_id) WHERE kind = 'EXPORT' AND state = 'WAITING'"
    )
