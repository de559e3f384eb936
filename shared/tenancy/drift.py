"""Drift: what is different in a tenant's schema from what the migrations make.

The reference is made by the migrations themselves, for a tenant that nobody has, in a transaction that is rolled back.
Both are read from the catalogue as lines of text, with the names of schema and role taken out, and compared as sets: of
columns, constraints, indexes, triggers, policies, functions, sequences, comments, owners and rights. The order of
columns is of no account.
"""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.ids import uuid7
from shared.tenancy.migrate import SubgraphMigrations, migrate_in, revision_of
from shared.tenancy.names import database_name, tenant_role, tenant_schema
from shared.tenancy.roles import Admin
from shared.tenancy.scripts import head_of

_SCHEMA: Final = "(tenant)"
_ROLE: Final = "(tenant's role)"
_LINES: Final = """
WITH place AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = $1),
inside AS (SELECT classid, objid FROM pg_depend JOIN place ON refobjid = place.oid
        WHERE refclassid = 'pg_namespace'::regclass),
relation AS (SELECT objid FROM inside WHERE classid = 'pg_class'::regclass
        UNION ALL SELECT typrelid FROM inside JOIN pg_type ON oid = objid
        WHERE classid = 'pg_type'::regclass AND typtype = 'c'),
member AS (SELECT c.oid, relname, relkind, relowner, relacl, relrowsecurity FROM relation
        JOIN pg_class c ON c.oid = objid),
who AS (SELECT oid, rolname FROM pg_roles UNION ALL SELECT 0, 'PUBLIC')
SELECT format('%s %s, owner %s%s%s', CASE relkind WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' ELSE relkind::text END,
        relname, pg_get_userbyid(relowner), CASE WHEN relrowsecurity THEN ', row security' END,
        ', comment ' || obj_description(oid, 'pg_class')) FROM member
UNION ALL SELECT format('column %s.%s %s%s%s%s', m.relname, attname, format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN ' not null' END, ' default ' || pg_get_expr(adbin, adrelid),
        ' identity ' || nullif(attidentity::text, '')) FROM member m JOIN pg_attribute ON attrelid = m.oid
        LEFT JOIN pg_attrdef ON adrelid = m.oid AND adnum = attnum
        WHERE attnum > 0 AND NOT attisdropped AND m.relkind <> 'S'
UNION ALL SELECT format('constraint %s.%s %s', m.relname, conname, pg_get_constraintdef(k.oid))
        FROM member m JOIN pg_constraint k ON conrelid = m.oid
UNION ALL SELECT format('index %s%s', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN ', not valid' END)
        FROM member m JOIN pg_index ON indrelid = m.oid
UNION ALL SELECT format('trigger %s, %s', pg_get_triggerdef(t.oid), tgenabled)
        FROM member m JOIN pg_trigger t ON tgrelid = m.oid WHERE NOT tgisinternal
UNION ALL SELECT format('policy %s.%s %s %s %s %s', m.relname, polname, polcmd, polroles::regrole[],
        pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
        FROM member m JOIN pg_policy ON polrelid = m.oid
UNION ALL SELECT format('function %s', pg_get_functiondef(p.oid))
        FROM inside JOIN pg_proc p ON p.oid = objid
        WHERE classid = 'pg_proc'::regclass AND prokind IN ('f', 'p')
UNION ALL SELECT format('type %s', typname) FROM inside JOIN pg_type t ON t.oid = objid
        WHERE classid = 'pg_type'::regclass AND typtype IN ('d', 'e', 'r')
UNION ALL SELECT format('right %s on %s for %s', privilege_type, relname, rolname)
        FROM member, aclexplode(coalesce(relacl, acldefault('r', relowner))) JOIN who ON who.oid = grantee
        WHERE relkind <> 'S' OR relacl IS NOT NULL
UNION ALL SELECT format('right %s on %s.%s for %s', privilege_type, m.relname, attname, rolname)
        FROM member m JOIN pg_attribute ON attrelid = m.oid, aclexplode(attacl) JOIN who ON who.oid = grantee
UNION ALL SELECT format('right %s on the schema for %s', privilege_type, rolname)
        FROM place, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) JOIN who ON who.oid = grantee
UNION ALL SELECT format('role %s login %s super %s inherit %s createdb %s createrole %s bypassrls %s', rolname,
        rolcanlogin, rolsuper, rolinherit, rolcreatedb, rolcreaterole, rolbypassrls) FROM pg_roles WHERE rolname = $2
UNION ALL SELECT format('%s may become %s, inheriting %s, administering %s', member::regrole, roleid::regrole,
        inherit_option, admin_option) FROM pg_auth_members WHERE set_option AND ($2 IN (
            (SELECT rolname FROM pg_roles WHERE oid = roleid), (SELECT rolname FROM pg_roles WHERE oid = member)))
"""
"""What is in a schema is found by what depends on it: of all that is listed here, only that has an index by schema."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A schema that is not as the migrations make it."""

    tenant_id: TenantId
    subgraph: str
    missing: Collection[str]
    """What should be there and is not, as lines of text, sorted."""
    surplus: Collection[str]
    """What is there and should not be; what was changed is in both."""


async def described(connection: AsyncConnection, tenant_id: TenantId, subgraph: str) -> frozenset[str]:
    """A tenant's schema, role and rights as lines of text that are the same for every tenant."""
    schema, role = tenant_schema(tenant_id), tenant_role(tenant_id, subgraph)
    await connection.exec_driver_sql(
        "SET LOCAL search_path TO pg_catalog"
    )  # so that every name is told with its schema
    found = await connection.exec_driver_sql(_LINES, (schema, role))
    return frozenset(line.replace(role, _ROLE).replace(schema, _SCHEMA) for line in found.scalars())


async def reference(admin: Admin, migrations: SubgraphMigrations) -> frozenset[str]:
    """The same of a tenant that is made now; nothing of it stays."""
    nobody = TenantId(uuid7())
    async with admin.engine(database_name(migrations.subgraph)).connect() as connection:
        await migrate_in(connection, nobody, migrations)
        lines = await described(connection, nobody, migrations.subgraph)
        await connection.rollback()
    return lines


async def compare(
    connection: AsyncConnection, tenant_id: TenantId, migrations: SubgraphMigrations, expected: frozenset[str]
) -> Drift | None:
    """What is different in one tenant's schema; a schema of an older revision is told as that alone."""
    subgraph, head = migrations.subgraph, head_of(migrations.versions)
    revision = await revision_of(connection, tenant_schema(tenant_id))
    if revision != head:
        return Drift(tenant_id, subgraph, [f"revision {head}"], [] if revision is None else [f"revision {revision}"])
    found = await described(connection, tenant_id, subgraph)
    if found == expected:
        return None
    return Drift(tenant_id, subgraph, sorted(expected - found), sorted(found - expected))


async def drifts(
    admin: Admin, tenants: Collection[TenantId], migrations: Collection[SubgraphMigrations]
) -> AsyncGenerator[Drift]:
    """Whatever is different on one server, a subgraph after the other.

    A schema of a tenant that is not among those that are to be there is told, too.

    Args:
        admin: of that server.
        tenants: all that are on it.
        migrations: of the subgraphs to look at.
    """
    for one in migrations:
        expected = await reference(admin, one)
        async with admin.engine(database_name(one.subgraph)).connect() as connection:
            for tenant_id in tenants:
                if (drift := await compare(connection, tenant_id, one, expected)) is not None:
                    yield drift
            for stray in await _schemas(connection) - set(tenants):
                yield Drift(stray, one.subgraph, [], ["the schema: no tenant of this server has it"])


async def _schemas(connection: AsyncConnection) -> set[TenantId]:
    """The tenants that have a schema in the connection's database."""
    named = "SELECT substr(nspname, 3) FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{32}$'"
    return {TenantId(UUID(name)) for name in (await connection.exec_driver_sql(named)).scalars()}
