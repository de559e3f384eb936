"""What tenants ask of how their people sign in."""

from alembic.operations import Operations

revision = "0007"
down_revision = "0006"


def upgrade(op: Operations) -> None:
    op.execute("ALTER TABLE tenant ADD COLUMN policies jsonb NOT NULL DEFAULT '{}'")
    op.execute(
        "CREATE OR REPLACE VIEW tenant_directory AS SELECT id, slug, name, plan, status, created_at, features, region,"
        " version, branding, flags, quotas, ceilings, server, delete_after, policies FROM tenant"
    )
