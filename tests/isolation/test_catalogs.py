"""PostgreSQL's own catalogs: no role of a tenant reaches anything outside its schema, and no login inherits one."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.tenancy.names import CONTROL_DATABASE, database_name, login_role, tenant_role, tenant_schema
from tests.isolation.catalogs import ATTRIBUTES, DATABASES, MEMBERSHIPS, RELATIONS, WALKS, walk
from tests.tenants import Control, Tenant

NOWHERE = "no schema at all"
INHERITS_NOTHING = (False, True, False)
"""Of a membership: whether it is inherited, may be taken on, and may be handed on."""


async def lines(connection: AsyncConnection, statement: str, *values: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in (await connection.exec_driver_sql(statement, values)).all()]


class TestTenantRoles:
    async def test_reach_their_own_schema_and_nothing_else(
        self, control: Control, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        async with control.admin() as admin:
            for one in control.migrations:
                async with admin.engine(database_name(one.subgraph)).connect() as connection:
                    for each in (tenant, other_tenant):
                        reach = await walk(connection, tenant_role(each.id, one.subgraph), tenant_schema(each.id))
                        assert reach.beyond == {}, reach

    async def test_reach_nothing_of_the_databases_of_others(self, control: Control, tenant: Tenant) -> None:
        """Roles are the server's, so each of them could be named in any database."""
        names = [CONTROL_DATABASE, *(database_name(one.subgraph) for one in control.migrations)]
        async with control.admin() as admin:
            for name in names:
                roles = [
                    tenant_role(tenant.id, one.subgraph)
                    for one in control.migrations
                    if database_name(one.subgraph) != name
                ]
                async with admin.engine(name).connect() as connection:
                    for role in roles:
                        assert (await walk(connection, role, NOWHERE)).beyond == {}, (name, role)

    async def test_hold_no_power_and_are_members_of_nothing(self, control: Control, tenant: Tenant) -> None:
        async with control.admin() as admin, admin.server.connect() as connection:
            for one in control.migrations:
                role = tenant_role(tenant.id, one.subgraph)
                assert await lines(connection, ATTRIBUTES, role) == [(False,) * 6]
                assert await lines(connection, MEMBERSHIPS, role) == []

    async def test_do_reach_their_own_rows(self, control: Control, tenant: Tenant) -> None:
        """Else the walks would prove nothing: they find what there is when another schema is called one's own."""
        async with control.admin() as admin:
            for one in control.migrations:
                async with admin.engine(database_name(one.subgraph)).connect() as connection:
                    found = await lines(connection, RELATIONS, tenant_role(tenant.id, one.subgraph), NOWHERE)
                assert (f"{tenant_schema(tenant.id)}.outbox: SELECT",) in found


class TestLoginRoles:
    async def test_may_become_tenants_of_their_own_subgraph_and_inherit_from_none(
        self, control: Control, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        async with control.admin() as admin, admin.server.connect() as connection:
            for one in control.migrations:
                login = login_role(one.subgraph)
                assert await lines(connection, ATTRIBUTES, login) == [(False,) * 6]
                members = await lines(connection, MEMBERSHIPS, login)
                assert {tenant_role(each.id, one.subgraph) for each in (tenant, other_tenant)} <= {
                    str(role) for role, *_ in members
                }
                assert all(str(role).endswith(f"_{one.subgraph}") for role, *_ in members)
                assert {options for _, *given in members if (options := tuple(given))} == {INHERITS_NOTHING}

    async def test_reach_no_tenant_by_themselves(self, control: Control, tenant: Tenant) -> None:
        async with control.admin() as admin:
            for one in control.migrations:
                async with admin.engine(database_name(one.subgraph)).connect() as connection:
                    reach = await walk(connection, login_role(one.subgraph), NOWHERE)
                assert {name: found for name, found in reach.beyond.items() if name != "granted"} == {}
                granted = reach.beyond.get("granted", [])
                assert all(each.startswith("database ") for each in granted), granted

    async def test_enter_their_own_database_and_the_registry_alone(self, control: Control) -> None:
        async with control.admin() as admin, admin.server.connect() as connection:
            for one in control.migrations:
                reached = {
                    str(line).split(":")[0] for (line,) in await lines(connection, DATABASES, login_role(one.subgraph))
                }
                assert reached == {CONTROL_DATABASE, database_name(one.subgraph)}


@pytest.mark.parametrize("name", WALKS)
async def test_every_walk_takes_a_role_and_a_schema(control: Control, name: str) -> None:
    async with control.admin() as admin, admin.engine(CONTROL_DATABASE).connect() as connection:
        await connection.exec_driver_sql(WALKS[name], (login_role("auth"), NOWHERE))
