"""A key of idempotency registers one tenant, whatever its slug."""

from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    op.execute(
        "UPDATE tenant SET attempt_key = NULL, attempt_fingerprint = NULL WHERE EXISTS"
        " (SELECT FROM tenant AS earlier WHERE earlier.attempt_key = tenant.attempt_key AND earlier.id < tenant.id)"
    )
    op.create_unique_constraint("uq_tenant_attempt_key", "tenant", ["attempt_key"])
