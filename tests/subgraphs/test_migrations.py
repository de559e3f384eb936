"""The migrations of each subgraph make the tables its models describe, and no others."""

from importlib import import_module
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from shared.tenancy.names import database_name, tenant_schema
from studium.platform import SUBGRAPHS
from tests.tenants import Control, Tenant


def differences(connection: sa.Connection, schema: str, declared: sa.MetaData) -> list[Any]:
    """What a new migration would have to do."""
    placed = sa.MetaData(naming_convention=declared.naming_convention)
    for table in declared.tables.values():
        table.to_metadata(placed, schema=schema)

    def in_schema(name: str | None, kind: str, _: object) -> bool:
        return kind != "schema" or name == schema

    options: dict[str, Any] = {
        "include_schemas": True,
        "include_name": in_schema,
        "version_table_schema": schema,
        "compare_type": True,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), placed))


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
async def test_migrations_make_what_the_models_describe(control: Control, tenant: Tenant, subgraph: str) -> None:
    declared: sa.MetaData = import_module(f"subgraphs.{subgraph}.models").Model.metadata
    async with control.admin() as admin, admin.engine(database_name(subgraph)).connect() as connection:
        assert await connection.run_sync(differences, tenant_schema(tenant.id), declared) == []
