"""Tenants on two database servers: each is made, served, relayed, migrated and deleted where it is, not elsewhere."""

import asyncio
import contextlib
import os
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from shared.caller import TenantId
from shared.database import Sessions, unit_of_work
from shared.engines import read_url
from shared.errors import Unavailable
from shared.events.sources import PostgresSource
from shared.tenancy.changes import Change, change_tenant
from shared.tenancy.deletion import Deletions, drop_tenant
from shared.tenancy.drift import compare, reference
from shared.tenancy.names import CONTROL_DATABASE, MAIN, database_name
from shared.tenancy.onboarding import Onboarding
from shared.tenancy.placement import Placement
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import Plan, Registry, TenantStatus
from shared.tenancy.roles import Admin, login_url
from studium.embedded.postgres import _programs  # pyright: ignore[reportPrivateUsage] - pg_dump and psql are beside it
from tests.patience import PATIENCE_SECONDS
from tests.shared.tenancy.spread import SECOND, Spread, claimed, claims, made, placed, port_of, schemas
from tests.shared.tenancy.test_onboarding import ATTEMPT, Owners, sign_up

pytestmark = pytest.mark.xdist_group("two database servers")


class TestSessions:
    async def test_each_tenant_is_served_where_it_is(
        self, spread: Spread, both: Admin, spread_sessions: Sessions
    ) -> None:
        here, there = await made(spread, both, None), await made(spread, both, SECOND)
        assert [await schemas(both, one.tenant_id) for one in (here, there)] == [[MAIN], [SECOND]]
        assert await port_of(spread_sessions, here) != await port_of(spread_sessions, there)

    async def test_a_server_that_is_away_keeps_its_own_tenants_waiting_alone(self, spread: Spread, both: Admin) -> None:
        here, there = await made(spread, both, None), await made(spread, both, SECOND)
        broken = spread.sessions(second=SecretStr("postgresql://127.0.0.1:9"))
        try:
            await port_of(broken, here)
            with pytest.raises(Unavailable):
                await port_of(broken, there)
        finally:
            await broken.aclose()

    async def test_a_tenant_on_a_server_that_nobody_told_of_is_not_looked_for_elsewhere(
        self, spread: Spread, both: Admin
    ) -> None:
        there = await made(spread, both, SECOND)
        placement = Placement.create(spread.control.login_url("users"), ["third"])
        with pytest.raises(Unavailable):
            await placement.server_of(there.tenant_id)
        await placement.aclose()

    async def test_who_looks_where_a_tenant_was_finds_it_the_next_time(
        self, spread: Spread, both: Admin, spread_sessions: Sessions
    ) -> None:
        caller = await made(spread, both, None)
        before = await port_of(spread_sessions, caller)
        await Provisioner(both, spread.users).provision(caller.tenant_id, SECOND)
        await placed(both, caller, SECOND)
        await drop_tenant(both, caller.tenant_id, "users")
        with pytest.raises(Unavailable):
            await port_of(spread_sessions, caller)
        assert await port_of(spread_sessions, caller) != before


class TestNewTenants:
    async def test_are_made_on_the_server_with_the_fewest(self, spread: Spread, both: Admin) -> None:
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
                await made(spread, both, None)
            await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
            await Onboarding(Provisioner(both, spread.users), auth, owners.install).sweep()
            found = await registry.by_id(new.tenant_id)
        finally:
            await registry.aclose()
            await auth.aclose()
        assert found
        assert (found.status, found.server) == (TenantStatus.ACTIVE, SECOND)
        assert await schemas(both, new.tenant_id) == [SECOND]
        assert owners.installed == [new.owner_email]


class TestEvents:
    async def test_those_of_both_servers_are_heard_of(
        self, spread: Spread, both: Admin, spread_sessions: Sessions
    ) -> None:
        callers = [await made(spread, both, None), await made(spread, both, SECOND)]

        async def nobody() -> list[TenantId]:
            return []

        async with (
            contextlib.aclosing(PostgresSource(spread_sessions, nobody).wakes()) as wakes,
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            assert [await anext(wakes), await anext(wakes)] == [None, None]
            for caller in callers:
                async with unit_of_work(spread_sessions, caller) as session:
                    await session.execute(sa.select(sa.func.pg_notify("outbox", str(caller.tenant_id))))
            heard = {await anext(wakes), await anext(wakes)}
        assert heard == {caller.tenant_id for caller in callers}


class TestDeletion:
    async def test_leaves_nothing_on_either_server(self, spread: Spread, both: Admin) -> None:
        caller = await made(spread, both, SECOND)
        await Provisioner(both, spread.users).provision(caller.tenant_id)
        async with both.engine(CONTROL_DATABASE).begin() as connection:
            slug = f"on-{caller.tenant_id.hex[-12:]}"
            await change_tenant(connection, slug, Change(delete_after=datetime.now(UTC) - timedelta(days=1)))
        assert await schemas(both, caller.tenant_id) == [MAIN, SECOND]
        await Deletions(both, spread.users).sweep()
        assert await schemas(both, caller.tenant_id) == []


class TestRestoring:
    async def test_the_documented_way_puts_back_rows_and_rights(
        self, spread: Spread, both: Admin, spread_sessions: Sessions, tmp_path: Path
    ) -> None:
        caller = await made(spread, both, SECOND)
        await claimed(spread_sessions, caller, "kept")
        await Provisioner(both, spread.users).provision(caller.tenant_id)
        await placed(both, caller, MAIN)
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
            expected = await reference(both, one)
            async with both.engine(database_name(one.subgraph)).connect() as connection:
                assert await compare(connection, caller.tenant_id, one, expected) is None


def documented() -> str:
    """The commands of the page that says how one tenant is restored."""
    page = (Path(__file__).parents[3] / "docs" / "operations" / "restore_one_tenant.md").read_text()
    return textwrap.dedent(page.split("```sh\n")[1].split("```")[0])
