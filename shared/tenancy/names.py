"""What a tenant's things are called in the database servers.

Every name is made from a UUID's hex digits and a subgraph's name, so none needs quoting or escaping.
"""

from typing import Final

from shared.caller import TenantId

CONTROL_DATABASE: Final = "studium_control"
CONTROL_SCHEMA: Final = "control"
MAIN: Final = "main"
"""What the server of `STUDIUM_DATABASE_URL` is called; tenants whose record names none are there."""
PLACEHOLDER_SCHEMA: Final = "tenant"
"""The schema tables are declared in; a tenant session maps it to the tenant's own."""
APPEND_ONLY: Final = "append-only"
READ_ONLY: Final = "read-only"
"""Comments of tables that a tenant's role may not do everything with: see `shared.tenancy.migrate`."""


def database_name(subgraph: str) -> str:
    """The PostgreSQL database of a subgraph."""
    return f"studium_{subgraph}"


def login_role(subgraph: str) -> str:
    """The role a subgraph's process connects as: it may become its tenants' roles and can read nothing as itself."""
    return f"studium_{subgraph}"


def tenant_schema(tenant_id: TenantId) -> str:
    """A tenant's schema, in each subgraph's database."""
    return f"t_{tenant_id.hex}"


def tenant_role(tenant_id: TenantId, subgraph: str) -> str:
    """The role that may use one tenant's schema in one subgraph's database and nothing else."""
    return f"t_{tenant_id.hex}_{subgraph}"


def document_database(subgraph: str, tenant_id: TenantId) -> str:
    """The document database of one tenant in one subgraph."""
    return f"studium_{subgraph}_{tenant_id.hex}"
