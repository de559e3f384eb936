"""Every identifier that a tenant has produced, wherever it is kept or was told."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from pymongo import AsyncMongoClient
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.tenancy.names import database_name, document_database, tenant_schema
from shared.tenancy.roles import Admin
from studium.platform import SUBGRAPHS
from tests.isolation.graph import FREE_TEXT

Kinds: TypeAlias = dict[str, list[str]]
"""Values by where they stand: ``courses.course.id``, ``graph.Course.slug``."""

_COLUMNS: Final = """
SELECT c.relname, a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
AND c.relname <> 'alembic_version'
AND (a.atttypid IN ('uuid'::regtype, 'uuid[]'::regtype)
    OR a.atttypid IN ('text'::regtype, 'varchar'::regtype)
    AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)))
ORDER BY 1, 2
"""
_TABLES: Final = """
SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p')
AND relname NOT IN ('alembic_version', 'outbox', 'inbox', 'audit_heads') ORDER BY 1
"""
"""Those of the tenant's own; what stands in the other ones changes as the worker does its work."""
_MOST: Final = 200


async def harvest_rows(admin: Admin, tenant_id: TenantId) -> Kinds:
    """The UUIDs in every column of the tenant's tables, and the texts that are unique in theirs."""
    found: Kinds = {"registry.tenant.id": [str(tenant_id)]}
    schema = tenant_schema(tenant_id)
    for subgraph in SUBGRAPHS:
        async with admin.engine(database_name(subgraph)).connect() as connection:
            for table, column in map(tuple, (await connection.exec_driver_sql(_COLUMNS, (schema,))).all()):
                values = await _values(connection, schema, table, column)
                if values:
                    found[f"{subgraph}.{table}.{column}"] = values
    return found


async def _values(connection: AsyncConnection, schema: str, table: str, column: str) -> list[str]:
    statement = f'SELECT DISTINCT "{column}" FROM {schema}."{table}" WHERE "{column}" IS NOT NULL LIMIT {_MOST}'  # noqa: S608 - names from the catalog
    rows = (await connection.exec_driver_sql(statement)).scalars().all()
    return [str(each) for row in rows for each in (cast("list[Any]", row) if isinstance(row, list) else [row])]


async def rows_in(admin: Admin, tenant_id: TenantId, subgraph: str) -> Counter[str]:
    """All rows of a tenant in a subgraph's database, as text."""
    schema = tenant_schema(tenant_id)
    found: Counter[str] = Counter()
    async with admin.engine(database_name(subgraph)).connect() as connection:
        for table in (await connection.exec_driver_sql(_TABLES, (schema,))).scalars().all():
            rows = await connection.exec_driver_sql(f'SELECT row::text FROM {schema}."{table}" AS row')  # noqa: S608 - as above
            found.update(f"{subgraph}.{table}: {row}" for row in rows.scalars())
    return found


async def harvest_documents(url: str, tenant_id: TenantId) -> Kinds:
    """The UUIDs in every document of the tenant."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    async with AsyncMongoClient[dict[str, Any]](url, uuidRepresentation="standard") as client:
        database = client[document_database("content", tenant_id)]
        for name in await database.list_collection_names():
            async for document in database[name].find({}).limit(_MOST):
                for path, value in leaves(document):
                    if isinstance(value, UUID):
                        found[f"content.{name}.{path}"].append(str(value))
    return dict(found)


def harvest_answer(data: object) -> Kinds:
    """The identifiers in what the graph has told: every text that is not for people, by the key it stands under."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path, value in leaves(data):
        name = path.rpartition(".")[2].rpartition("_")[2]
        if isinstance(value, str) and name not in FREE_TEXT and name != "typename" and not _is_constant(value):
            found[f"graph.{name}"].append(value)
    return {name: list(dict.fromkeys(values)) for name, values in found.items()}


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """What stands in lists and objects, under the names that lead to it."""
    if isinstance(value, Mapping):
        for name, each in cast("Mapping[str, object]", value).items():
            yield from leaves(each, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list | tuple):
        for each in cast("Iterable[object]", value):
            yield from leaves(each, path)
    else:
        yield path, value


def only_of(kinds: Kinds, others: Iterable[Kinds]) -> Kinds:
    """Without what others have as well: that identifies nobody."""
    common = {value for other in others for values in other.values() for value in values}
    left = {name: [value for value in values if value not in common] for name, values in kinds.items()}
    return {name: values for name, values in left.items() if values}


def _is_constant(value: str) -> bool:
    """A name of an enumeration, or a moment."""
    return bool(re.fullmatch(r"[A-Z_]+|\d{4}-\d\d-\d\dT.*|", value))
