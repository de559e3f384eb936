"""Who may do what in the control database, beside reading the directory.

The subgraph that registers sign-ups also changes what tenants settle of themselves. It names the tenant it acts for in
``studium.tenant``, for the length of a transaction, and row security shows it that tenant's rows alone: a statement
that forgot its condition changes nobody else's. The administrator, who owns the tables, is above it.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.tenancy.names import CONTROL_SCHEMA

REGISTRAR: Final = "auth"
"""The subgraph that registers sign-ups."""

_OWN: Final = "tenant_id::text = current_setting('studium.tenant', true)"
_KNOWN: Final = "id, slug, version, attempt_key, attempt_fingerprint"
_SETTLED: Final = "name, version, branding, flags, quotas, policies, untold"


async def grant_own(connection: AsyncConnection, *, readers: str, registrar: str | None) -> None:
    """Grant it, and set the policies of row security up. Safe to repeat.

    Args:
        connection: as the administrator.
        readers: the login roles of all subgraphs, with commas between them.
        registrar: that of the registrar; None where there is none.
    """
    own = [_policy("tenant_usage", "ALL", _OWN)]
    grants = [f"GRANT SELECT, INSERT, UPDATE ON {_table('tenant_usage')} TO {readers}"]
    if registrar is not None:
        own += [
            _policy("tenant", "SELECT", "true"),
            _policy("tenant", "INSERT", "true"),
            _policy("tenant", "UPDATE", _OWN.replace("tenant_id", "id")),
            _policy("tenant_domain", "ALL", _OWN),
            _policy("tenant_job", "ALL", _OWN),
        ]
        grants += _registrars(registrar)
    for statement in (*own, *grants):
        await connection.exec_driver_sql(statement)


def _registrars(role: str) -> list[str]:
    return [
        f"GRANT INSERT ON {_table('tenant')}, {_table('sign_up')} TO {role}",
        f"GRANT SELECT ({_KNOWN}), UPDATE ({_SETTLED}) ON {_table('tenant')} TO {role}",
        f"GRANT SELECT, INSERT, DELETE, UPDATE (verified_at) ON {_table('tenant_domain')} TO {role}",
        f"GRANT SELECT, INSERT (id, tenant_id, kind, ordered_by) ON {_table('tenant_job')} TO {role}",
    ]


def _policy(table: str, command: str, condition: str) -> str:
    """The policy for one command; made anew each time, for its condition may have changed."""
    name = f"own_{command.lower()}"
    checks = {"INSERT": f"WITH CHECK ({condition})", "SELECT": f"USING ({condition})"}
    check = checks.get(command, f"USING ({condition}) WITH CHECK ({condition})")
    return (
        f"DO $$ BEGIN ALTER TABLE {_table(table)} ENABLE ROW LEVEL SECURITY;"
        f" DROP POLICY IF EXISTS {name} ON {_table(table)};"
        f" CREATE POLICY {name} ON {_table(table)} FOR {command} {check}; END $$"
    )


def _table(name: str) -> str:
    return f"{CONTROL_SCHEMA}.{name}"
