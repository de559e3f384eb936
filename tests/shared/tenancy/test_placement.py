"""Tenants on two database servers: each is made, served, relayed, migrated and deleted where it is, not elsewhere."""

import asyncio
import contextlib
import os
import textwrap
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from shared.caller import Caller, TenantId, service_caller
from shared.database import Sessions, subgraph_metadata, unit_of_work
from shared.engines import read_url
from shared.errors import TenantNotFound, Unavailable
from shared.events.sources import PostgresSource
from shared.idempotency import Attempt, idempotency_table, once
from shared.ids import uuid7
from shared.tenancy.changes import Change, change_tenant
from shared.tenancy.deletion import Deletions, drop_tenant
from shared.tenancy.drift import compare, reference
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.names import CONTROL_DATABASE, MAIN, database_name, tenant_schema
from shared.tenancy.onboarding import Onboarding
from shared.tenancy.placement import Placement
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import Plan, Registry, TenantStatus, tenants
from shared.tenancy.roles import Admin, login_url
from studium.embedded.postgres import _programs  # pyright: ignore[reportPrivateUsage] - pg_dump and psql are beside it
from studium.migrating import migrate
from studium.settings import StudiumSettings
from tests.patience import PATIENCE_SECONDS
from tests.servers import run_servers
from tests.shared.tenancy.test_onboarding import ATTEMPT, Owners, sign_up
from tests.tenants import Control

SECOND = "second"


@dataclass(frozen=True, slots=True)
class Spread:
    """The platform on two servers."""

    control: Control
    second: SecretStr

    @property
    def users(self) -> list[SubgraphMigrations]:
        """The one subgraph that tenants are made in here, and the one that has their accounts."""
        return [one for one in self.control.migrations if one.subgraph in {"users", "auth"}]

    def sessions(self, *, second: SecretStr | None = None) -> Sessions:
        """Of a process of the users subgraph that was told of both."""
        login = login_url(second or self.second, "users", self.control.secret)
        return Sessions.create(self.control.login_url("users"), subgraph="users", pool_size=2, servers={SECOND: login})

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncGenerator[Admin]:
        """The administrator's connections to both."""
        admin = Admin(self.control.servers.database, {SECOND: self.second})
        try:
            yield admin
        finally:
            await admin.aclose()


@pytest.fixture(scope="module")
def spread(control: Control, tmp_path_factory: pytest.TempPathFactory) -> Generator[Spread]:
    """Prepared by the command that prepares every platform."""
    with run_servers(tmp_path_factory.mktemp("second"), "postgres") as servers:
        second = SecretStr(servers.database)
        main = SecretStr(control.servers.database)
        assert (
            migrate(StudiumSettings(database_url=main, database_servers={SECOND: second}, secret=control.secret)) == 0
        )
        yield Spread(control, second)
        asyncio.run(forgotten(control))


async def forgotten(control: Control) -> None:
    """The tenants of these tests are not in the registry any more, where other tests would look for all of them."""
    placed = sa.or_(tenants.c.server.is_not(None), tenants.c.slug.like("on-%"))
    async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.delete(tenants).where(placed))


@pytest.fixture
async def admin(spread: Spread) -> AsyncGenerator[Admin]:
    """The administrator's connections to both servers."""
    async with spread.admin() as opened:
        yield opened


@pytest.fixture
async def sessions(spread: Spread) -> AsyncGenerator[Sessions]:
    """Of a process that was told of both servers."""
    opened = spread.sessions()
    yield opened
    await opened.aclose()


async def made(spread: Spread, admin: Admin, server: str | None) -> Caller:
    """Somebody of a new tenant on a server."""
    tenant_id = TenantId(uuid7())
    row = {"id": tenant_id, "slug": f"on-{tenant_id.hex[-12:]}", "name": "Placed", "plan": "free"}
    await Provisioner(admin, spread.users).provision(tenant_id, server)
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.insert(tenants).values(**row, status=TenantStatus.ACTIVE, server=server))
    return service_caller(tenant_id, "test")


async def port_of(sessions: Sessions, caller: Caller) -> int:
    """The port of the server that a session of the caller is on."""
    async with sessions.read(caller) as session:
        return cast("int", await session.scalar(sa.select(sa.func.inet_server_port())))


async def schemas(admin: Admin, tenant_id: TenantId) -> list[str]:
    """The servers that have a schema of the tenant."""
    there = "SELECT 1 FROM pg_namespace WHERE nspname = $1"
    found: list[str] = []
    for name, server in admin.servers.items():
        async with server.engine(database_name("users")).connect() as connection:
            if (await connection.exec_driver_sql(there, (tenant_schema(tenant_id),))).first():
                found.append(name)
    return found


class TestSessions:
    async def test_each_tenant_is_served_where_it_is(self, spread: Spread, admin: Admin, sessions: Sessions) -> None:
        here, there = await made(spread, admin, None), await made(spread, admin, SECOND)
        assert [await schemas(admin, one.tenant_id) for one in (here, there)] == [[MAIN], [SECOND]]
        assert await port_of(sessions, here) != await port_of(sessions, there)

    async def test_a_server_that_is_away_keeps_its_own_tenants_waiting_alone(
        self, spread: Spread, admin: Admin
    ) -> None:
        here, there = await made(spread, admin, None), await made(spread, admin, SECOND)
        broken = spread.sessions(second=SecretStr("postgresql://127.0.0.1:9"))
        try:
            await port_of(broken, here)
            with pytest.raises(Unavailable):
                await port_of(broken, there)
        finally:
            await broken.aclose()

    async def test_a_tenant_on_a_server_that_nobody_told_of_is_not_looked_for_elsewhere(
        self, spread: Spread, admin: Admin
    ) -> None:
        there = await made(spread, admin, SECOND)
        placement = Placement.create(spread.control.login_url("users"), ["third"])
        with pytest.raises(Unavailable):
            await placement.server_of(there.tenant_id)
        await placement.aclose()

    async def test_who_looks_where_a_tenant_was_finds_it_the_next_time(
        self, spread: Spread, admin: Admin, sessions: Sessions
    ) -> None:
        caller = await made(spread, admin, None)
        before = await port_of(sessions, caller)
        await Provisioner(admin, spread.users).provision(caller.tenant_id, SECOND)
        await moved(admin, caller, SECOND)
        await drop_tenant(admin, caller.tenant_id, "users")
        with pytest.raises(TenantNotFound):
            await port_of(sessions, caller)
        assert await port_of(sessions, caller) != before


class TestNewTenants:
    async def test_are_made_on_the_server_with_the_fewest(self, spread: Spread, admin: Admin) -> None:
        registry, owners = Registry.create(spread.control.login_url("auth")), Owners()
        auth = Sessions.create(
            spread.control.login_url("auth"),
            subgraph="auth",
            pool_size=2,
            servers={SECOND: login_url(spread.second, "auth", spread.control.secret)},
        )
        new = sign_up()
        try:
            for _ in range(3):
                await made(spread, admin, None)
            await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
            await Onboarding(Provisioner(admin, spread.users), auth, owners.install).sweep()
            found = await registry.by_id(new.tenant_id)
        finally:
            await registry.aclose()
            await auth.aclose()
        assert found
        assert (found.status, found.server) == (TenantStatus.ACTIVE, SECOND)
        assert await schemas(admin, new.tenant_id) == [SECOND]
        assert owners.installed == [new.owner_email]


class TestEvents:
    async def test_those_of_both_servers_are_heard_of(self, spread: Spread, admin: Admin, sessions: Sessions) -> None:
        callers = [await made(spread, admin, None), await made(spread, admin, SECOND)]

        async def nobody() -> list[TenantId]:
            return []

        async with (
            contextlib.aclosing(PostgresSource(sessions, nobody).wakes()) as wakes,
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            assert [await anext(wakes), await anext(wakes)] == [None, None]
            for caller in callers:
                async with unit_of_work(sessions, caller) as session:
                    await session.execute(sa.select(sa.func.pg_notify("outbox", str(caller.tenant_id))))
            heard = {await anext(wakes), await anext(wakes)}
        assert heard == {caller.tenant_id for caller in callers}


class TestDeletion:
    async def test_leaves_nothing_on_either_server(self, spread: Spread, admin: Admin) -> None:
        caller = await made(spread, admin, SECOND)
        await Provisioner(admin, spread.users).provision(caller.tenant_id)
        async with admin.engine(CONTROL_DATABASE).begin() as connection:
            slug = f"on-{caller.tenant_id.hex[-12:]}"
            await change_tenant(connection, slug, Change(delete_after=datetime.now(UTC) - timedelta(days=1)))
        assert await schemas(admin, caller.tenant_id) == [MAIN, SECOND]
        await Deletions(admin, spread.users).sweep()
        assert await schemas(admin, caller.tenant_id) == []


class TestRestoring:
    async def test_the_documented_way_puts_back_rows_and_rights(
        self, spread: Spread, admin: Admin, sessions: Sessions, tmp_path: Path
    ) -> None:
        caller = await made(spread, admin, SECOND)
        await claimed(sessions, caller, "kept")
        await Provisioner(admin, spread.users).provision(caller.tenant_id)
        await moved(admin, caller, MAIN)
        live = spread.sessions()
        try:
            await claimed(live, caller, "lost")
            backup, main = (
                read_url(url, database="any")
                .set(drivername="postgresql")
                .render_as_string(hide_password=False)[: -len("/any")]
                for url in (spread.second, spread.control.servers.database)
            )
            given = {"BACKUP": backup, "LIVE": main, "TENANT": caller.tenant_id.hex, "SUBGRAPHS": "auth users"}
            path = f"{_programs()}:{os.environ['PATH']}"
            restoring = await asyncio.create_subprocess_exec(
                "bash", "-c", documented(), env={**os.environ, **given, "PATH": path}, cwd=tmp_path
            )
            assert await asyncio.wait_for(restoring.wait(), PATIENCE_SECONDS) == 0
            assert await claims(live, caller) == ["kept"]
            await claimed(live, caller, "since")
        finally:
            await live.aclose()
        for one in spread.users:
            expected = await reference(admin, one)
            async with admin.engine(database_name(one.subgraph)).connect() as connection:
                assert await compare(connection, caller.tenant_id, one, expected) is None


def documented() -> str:
    """The commands of the page that says how one tenant is restored."""
    page = (Path(__file__).parents[3] / "docs" / "operations" / "restore_one_tenant.md").read_text()
    return textwrap.dedent(page.split("```sh\n")[1].split("```")[0])


async def moved(admin: Admin, caller: Caller, server: str) -> None:
    """Say in the tenant's record that it is on another server."""
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.update(tenants).where(tenants.c.id == caller.tenant_id).values(server=server))


async def claimed(sessions: Sessions, caller: Caller, key: str) -> None:
    """Keep something for the tenant: a key of idempotency."""
    attempt = Attempt("test", key, {})

    async def perform() -> UUID:
        return uuid7()

    async with unit_of_work(sessions, caller) as session:
        await once(session, attempt, perform)


async def claims(sessions: Sessions, caller: Caller) -> list[str]:
    """What is kept."""
    kept = idempotency_table(subgraph_metadata())
    async with sessions.read(caller) as session:
        return list(await session.scalars(sa.select(kept.c.key).order_by(kept.c.key)))
