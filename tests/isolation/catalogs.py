"""What a role may touch in a PostgreSQL database, as the catalogs tell it.

Each walk gives one line for each thing that a role can reach and should not: an empty answer is a proof for all that is
in the catalogs now, tables and functions of tomorrow included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

RELATIONS: Final = """
SELECT n.nspname || '.' || c.relname || ': ' || p.privilege
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'])
    AS p (privilege)
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
AND (CASE WHEN n.nspname = $2 THEN p.privilege IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') ELSE true END)
AND (has_table_privilege($1, c.oid, p.privilege)
    OR (p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
        AND n.nspname <> $2 AND has_any_column_privilege($1, c.oid, p.privilege)))
"""
"""Tables, views and the like of any other schema; and in its own, whatever changes more than rows."""

SEQUENCES: Final = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname <> $2
AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege($1, c.oid, 'USAGE, SELECT, UPDATE') END
"""
"""The server checks conditions in any order, so that the function must not be called for what is no sequence."""

FUNCTIONS: Final = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname <> $2
AND has_schema_privilege($1, n.oid, 'USAGE') AND has_function_privilege($1, p.oid, 'EXECUTE')
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""
"""Functions of other schemas, but those that an extension brought: they know nothing of tenants."""

SCHEMAS: Final = """
SELECT n.nspname || ': ' || p.privilege FROM pg_namespace n
CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS p (privilege)
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
AND NOT (p.privilege = 'USAGE' AND n.nspname IN ($2, 'public'))
AND has_schema_privilege($1, n.oid, p.privilege)
"""
"""It may look into its own and into `public`, where extensions stand; it may make something nowhere."""

DATABASE: Final = """
SELECT p.privilege FROM unnest(ARRAY['CREATE', 'TEMPORARY']) AS p (privilege)
WHERE has_database_privilege($1, current_database(), p.privilege) AND $2::text IS NOT NULL
"""

OWNED: Final = """
SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_shdepend d
WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = $1::regrole AND d.deptype = 'o' AND $2::text IS NOT NULL
AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
"""Whatever kind of thing it is: large objects, types, foreign servers, publications."""

GRANTED: Final = """
SELECT named.description FROM pg_shdepend d
CROSS JOIN LATERAL (SELECT o.type || ' ' || o.identity AS description, o.schema, o.type, o.name
    FROM pg_identify_object(d.classid, d.objid, d.objsubid) o) named
WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = $1::regrole AND d.deptype IN ('a', 'r', 'i')
AND d.classid <> 'pg_auth_members'::regclass
AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
AND coalesce(named.schema, named.name, '') <> $2
"""
"""Things outside its schema whose access lists or policies name it."""

LARGE_OBJECTS: Final = """
SELECT 'large object ' || oid FROM pg_largeobject_metadata
WHERE $1::regrole IS NOT NULL AND $2::text IS NOT NULL
"""
"""They have no schema, so there may be none."""

DEFAULTS: Final = """
SELECT pg_describe_object('pg_default_acl'::regclass, oid, 0) FROM pg_default_acl
WHERE $1::regrole IS NOT NULL AND $2::text IS NOT NULL
"""
"""What is made tomorrow is granted where it is made, and never by default."""

FOREIGN: Final = """
SELECT 'foreign server ' || srvname FROM pg_foreign_server
WHERE has_server_privilege($1, oid, 'USAGE') AND $2::text IS NOT NULL
UNION ALL
SELECT 'foreign-data wrapper ' || fdwname FROM pg_foreign_data_wrapper
WHERE has_foreign_data_wrapper_privilege($1, oid, 'USAGE') AND $2::text IS NOT NULL
UNION ALL
SELECT 'tablespace ' || spcname FROM pg_tablespace
WHERE has_tablespace_privilege($1, oid, 'CREATE') AND spcname <> 'pg_default'
UNION ALL
SELECT 'parameter ' || parname FROM pg_parameter_acl WHERE has_parameter_privilege($1, parname, 'SET, ALTER SYSTEM')
"""

DEFINERS: Final = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname <> 'pg_catalog' AND has_function_privilege($1, p.oid, 'EXECUTE')
AND $2::text IS NOT NULL AND NOT coalesce(p.proconfig::text LIKE '%search_path=%', false)
"""
"""A function that runs as its owner says itself where it looks; else its caller may lead it elsewhere."""

WALKS: Final = {
    "relations": RELATIONS,
    "sequences": SEQUENCES,
    "functions": FUNCTIONS,
    "schemas": SCHEMAS,
    "database": DATABASE,
    "owned": OWNED,
    "granted": GRANTED,
    "large objects": LARGE_OBJECTS,
    "default privileges": DEFAULTS,
    "foreign data, tablespaces, parameters": FOREIGN,
    "functions that run as their owner": DEFINERS,
}

ATTRIBUTES: Final = """
SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = $1
"""

MEMBERSHIPS: Final = """
SELECT m.roleid::regrole::text, m.inherit_option, m.set_option, m.admin_option
FROM pg_auth_members m WHERE m.member = $1::regrole ORDER BY 1
"""

DATABASES: Final = """
SELECT d.datname || ': ' || p.privilege FROM pg_database d
CROSS JOIN unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p (privilege)
WHERE d.datallowconn AND has_database_privilege($1, d.oid, p.privilege) ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """What walks of the catalogs have found that a role should not reach, by walk."""

    role: str
    beyond: dict[str, list[str]]


async def walk(connection: AsyncConnection, role: str, schema: str) -> Reach:
    """Walk the catalogs of the connection's database for a role whose own schema is `schema`."""
    beyond: dict[str, list[str]] = {}
    for name, statement in WALKS.items():
        found: Sequence[str] = (await connection.exec_driver_sql(statement, (role, schema))).scalars().all()
        if found:
            beyond[name] = sorted(found)
    return Reach(role, beyond)
