"""What a tenant has switched on and where it is placed; and which tenants have changed without others knowing it."""

from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    op.execute(
        "ALTER TABLE tenant ADD COLUMN features text[] NOT NULL DEFAULT '{}', ADD COLUMN region text,"
        " ADD COLUMN untold boolean NOT NULL DEFAULT false"
    )
    op.execute("CREATE INDEX ix_tenant_untold ON tenant (id) WHERE untold")
    op.execute(
        "CREATE OR REPLACE VIEW tenant_directory AS"
        " SELECT id, slug, name, plan, status, created_at, features, region FROM tenant"
    )
