"""A tenant is moved to another database server: closed meanwhile, whole afterwards, wherever the move is cut off."""

import asyncio
import contextlib
import json
import random
import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from shared.caller import Caller, TenantId, service_caller
from shared.database import Sessions, subgraph_metadata, unit_of_work
from shared.errors import TenantNotFound, Unavailable
from shared.idempotency import idempotency_table
from shared.ids import uuid7
from shared.tenancy.copying import CopyDiffers, NotCurrent, copy_tenant
from shared.tenancy.deletion import Deletions
from shared.tenancy.drift import described
from shared.tenancy.fence import close_schemas
from shared.tenancy.migrate import SubgraphMigrations, migrate_tenant
from shared.tenancy.moving import CannotMove, Moves, unfinished
from shared.tenancy.names import CONTROL_DATABASE, MAIN, database_name, tenant_schema
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import TenantStatus, tenants
from shared.tenancy.roles import Admin, login_url
from studium.data_keys import shredding
from studium.embedded.errors import CannotStart
from studium.migrating import migrate_tenants
from studium.moving import move
from studium.settings import StudiumSettings
from studium.tenants import list_tenants
from tests.shared.tenancy.spread import SECOND, Spread, claimed, claims, placed, port_of, schemas
from tests.shared.tenancy.test_provision import FIRST, history
from tests.shared.tenancy.test_provision import SECOND as SECOND_REVISION

pytestmark = pytest.mark.xdist_group("two database servers")

FEW = {"users", "notifications"}
CLAIMS = idempotency_table(subgraph_metadata())
KEYS = [f"key-{number}" for number in range(3)]
CHANGING = (
    FIRST
    + """
    op.execute("CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.id := NEW.id + 1; RETURN NEW; END $$")
    op.execute("CREATE TRIGGER change BEFORE INSERT ON first FOR EACH ROW EXECUTE FUNCTION change()")
"""
)
MOVING = """
import asyncio, json, sys
from shared.tenancy.moving import Moves
from shared.tenancy.roles import Admin
from studium.platform import migrations
from pydantic import SecretStr
given = json.loads(sys.argv[1])
few = [each for each in migrations() if each.subgraph in given["few"]]
moves = Moves(Admin(given["main"], {"second": SecretStr(given["second"])}), few)
print("ready", flush=True)
asyncio.run(moves.move(given["slug"], "second"))
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """A tenant with a few rows."""

    caller: Caller
    slug: str
    moves: Moves


@pytest.fixture
async def one(spread: Spread, both: Admin, spread_sessions: Sessions) -> Moved:
    """On the main server, which is not named in its record; in two subgraphs, which is enough for most."""
    return await made_here(both, spread_sessions, [each for each in spread.control.migrations if each.subgraph in FEW])


async def made_here(admin: Admin, sessions: Sessions, subgraphs: Sequence[SubgraphMigrations]) -> Moved:
    tenant_id = TenantId(uuid7())
    slug = f"on-{tenant_id.hex[-12:]}"
    row = {"id": tenant_id, "slug": slug, "name": "Moved", "plan": "free", "status": TenantStatus.ACTIVE}
    await Provisioner(admin, subgraphs).provision(tenant_id)
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.insert(tenants).values(row))
    caller = service_caller(tenant_id, "test")
    for key in KEYS:
        await claimed(sessions, caller, key)
    return Moved(caller, slug, Moves(admin, subgraphs))


async def fill_rows(admin: Admin, tenant_id: TenantId) -> None:
    """Two hundred events, numbered by a sequence, that are larger together than what is in a pipe at once."""
    async with admin.engine(database_name("users")).begin() as connection:
        await connection.exec_driver_sql(f"SET LOCAL search_path TO {tenant_schema(tenant_id)}")
        await connection.exec_driver_sql(
            "INSERT INTO outbox (event_id, topic, payload, occurred_at)"
            " SELECT gen_random_uuid(), 'users.test.v1', jsonb_build_object('text', repeat('ä', 5000)), now()"
            " FROM generate_series(1, 200)"
        )


async def next_number(admin: Admin, tenant_id: TenantId) -> int:
    statement = f"SELECT nextval('{tenant_schema(tenant_id)}.outbox_seq_seq')"
    async with admin.engine(database_name("users")).connect() as connection:
        return (await connection.exec_driver_sql(statement)).scalar_one()


class TestMove:
    async def test_everything_is_where_it_has_come_to_and_nothing_is_left_when_it_is_finished(
        self, spread: Spread, both: Admin, one: Moved, spread_sessions: Sessions, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tenant_id, before = one.caller.tenant_id, await port_of(spread_sessions, one.caller)
        await fill_rows(both, tenant_id)
        await one.moves.move(one.slug, SECOND)
        with pytest.raises(Unavailable):  # the process believes that it is where it was
            await claims(spread_sessions, one.caller)
        assert await claims(spread_sessions, one.caller) == KEYS
        assert await port_of(spread_sessions, one.caller) != before
        assert await next_number(both.on(SECOND), tenant_id) == 201
        await claimed(spread_sessions, one.caller, "since")
        assert await schemas(both, tenant_id) == [MAIN, SECOND]
        assert (await listed(spread, capsys))[one.slug].endswith("  second  Moved  still on main too")
        await one.moves.finish(one.slug)
        assert await schemas(both, tenant_id) == [SECOND]
        assert (await listed(spread, capsys))[one.slug].endswith("  second  Moved")
        assert await claims(spread_sessions, one.caller) == [*KEYS, "since"]

    async def test_the_command_makes_every_schema_as_the_migrations_do(
        self, both: Admin, spread: Spread, spread_sessions: Sessions
    ) -> None:
        one = await made_here(both, spread_sessions, spread.control.migrations)
        settings = StudiumSettings(
            database_url=SecretStr(spread.control.servers.database), database_servers={SECOND: spread.second}
        )
        ordered = Namespace(slug=one.slug, to=SECOND, finish=False, take_back=False)
        before = await everything(both, one)
        assert await asyncio.to_thread(move, settings, ordered) == 0
        with pytest.raises(CannotStart, match="it is on second"):
            await asyncio.to_thread(move, settings, ordered)
        assert await everything(both.on(SECOND), one) == before

    async def test_it_may_go_back_once_it_is_finished(self, both: Admin, one: Moved, spread: Spread) -> None:
        await one.moves.move(one.slug, SECOND)
        with pytest.raises(CannotMove, match="is not finished"):
            await one.moves.move(one.slug, MAIN)
        await one.moves.finish(one.slug)
        await one.moves.move(one.slug, MAIN)
        sessions = spread.sessions()
        try:
            assert await claims(sessions, one.caller) == KEYS
        finally:
            await sessions.aclose()

    async def test_what_makes_no_sense_is_refused_and_the_tenant_stays_open(
        self, both: Admin, one: Moved, spread_sessions: Sessions
    ) -> None:
        with pytest.raises(CannotMove, match="it is on main"):
            await one.moves.move(one.slug, MAIN)
        with pytest.raises(Unavailable):
            await one.moves.move(one.slug, "third")
        with pytest.raises(CannotMove, match="waits to be finished"):
            await one.moves.finish(one.slug)
        with pytest.raises(CannotMove, match="not being moved"):
            await one.moves.take_back(one.slug)
        with pytest.raises(TenantNotFound):
            await one.moves.move("nobody", SECOND)
        async with both.engine(database_name("users")).begin() as connection:
            await connection.exec_driver_sql(f"SET LOCAL search_path TO {tenant_schema(one.caller.tenant_id)}")
            newest = (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar_one()
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        with pytest.raises(CannotMove, match="`studium migrate` first"):
            await one.moves.move(one.slug, SECOND)
        async with both.engine(database_name("users")).begin() as connection:
            await connection.exec_driver_sql(f"SET LOCAL search_path TO {tenant_schema(one.caller.tenant_id)}")
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = $1", (newest,))
        await Provisioner(both, one.moves.subgraphs).provision(one.caller.tenant_id, SECOND)
        with pytest.raises(CannotMove, match="no move has left there"):
            await one.moves.move(one.slug, SECOND)
        async with both.on(SECOND).engine(database_name("users")).begin() as connection:
            await connection.exec_driver_sql(f"SET LOCAL search_path TO {tenant_schema(one.caller.tenant_id)}")
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        with pytest.raises(CannotMove, match="no move has left there"):  # and of an older revision neither
            await one.moves.move(one.slug, SECOND)
        assert await claims(spread_sessions, one.caller) == KEYS


class TestFence:
    async def test_nobody_reads_or_writes_meanwhile_and_everybody_may_try_again(
        self, both: Admin, one: Moved, spread_sessions: Sessions
    ) -> None:
        await close_schemas(both, one.caller.tenant_id, one.moves.subgraphs)
        for attempt in (claims(spread_sessions, one.caller), claimed(spread_sessions, one.caller, "late")):
            with pytest.raises(Unavailable):
                await attempt

    async def test_who_was_writing_is_waited_for_and_copied(
        self, both: Admin, one: Moved, spread_sessions: Sessions
    ) -> None:
        async with unit_of_work(spread_sessions, one.caller) as session:
            await session.execute(sa.delete(CLAIMS))
            moving = asyncio.create_task(one.moves.move(one.slug, SECOND))
            await asyncio.wait({moving}, timeout=0.2)
            assert not moving.done()
        await moving
        with contextlib.suppress(Unavailable):
            await claims(spread_sessions, one.caller)
        assert await claims(spread_sessions, one.caller) == []

    async def test_who_had_come_in_before_and_writes_after_may_try_again(
        self, both: Admin, one: Moved, spread_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.tenancy.fence._LOOKS", 0)

        async def write() -> None:
            async with unit_of_work(spread_sessions, one.caller) as session:
                await session.execute(sa.select(1))
                await close_schemas(both, one.caller.tenant_id, one.moves.subgraphs)
                await session.execute(sa.delete(CLAIMS))

        with pytest.raises(Unavailable):
            await write()

    async def test_a_copy_is_closed_until_all_are_there(
        self, spread: Spread, one: Moved, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copied: list[str] = []
        login = login_url(spread.second, "users", spread.control.secret)
        mistaken = Sessions.create(login, subgraph="users", pool_size=1)  # as one that was told so at an earlier time

        async def look() -> None:
            with pytest.raises(Unavailable if "users" in copied else TenantNotFound):
                await claims(mistaken, one.caller)

        try:
            before_each_copy(monkeypatch, look, copied)
            await one.moves.move(one.slug, SECOND)
            assert await claims(mistaken, one.caller) == KEYS
        finally:
            await mistaken.aclose()
        assert {*copied} == FEW


class TestTakingBack:
    async def test_opens_the_tenant_where_it_was_and_forgets_the_copy(
        self, both: Admin, one: Moved, spread_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            cut_off(patched, after=1)
            with pytest.raises(ConnectionError):
                await one.moves.move(one.slug, SECOND)
        with pytest.raises(Unavailable):
            await claims(spread_sessions, one.caller)
        assert (await unfinished(both.engine(CONTROL_DATABASE)))[
            one.caller.tenant_id
        ] == "closed: being moved to second"
        await one.moves.take_back(one.slug)
        assert await schemas(both, one.caller.tenant_id) == [MAIN]
        await claimed(spread_sessions, one.caller, "since")
        await one.moves.move(one.slug, SECOND)
        with contextlib.suppress(Unavailable):
            await claims(spread_sessions, one.caller)
        assert await claims(spread_sessions, one.caller) == [*KEYS, "since"]

    async def test_is_too_late_once_it_is_where_it_is_to_be(
        self, one: Moved, spread_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_: object) -> None:
            raise ConnectionError

        with monkeypatch.context() as patched:
            patched.setattr("shared.tenancy.moving.open_schemas", fail)
            with pytest.raises(ConnectionError):
                await one.moves.move(one.slug, SECOND)
        with pytest.raises(CannotMove, match="on second already"):
            await one.moves.take_back(one.slug)
        with pytest.raises(CannotMove, match="waits to be finished"):
            await one.moves.finish(one.slug)
        await one.moves.move(one.slug, SECOND)
        with contextlib.suppress(Unavailable):
            await claims(spread_sessions, one.caller)
        assert await claims(spread_sessions, one.caller) == KEYS

    async def test_by_somebody_else_ends_the_move(
        self, both: Admin, one: Moved, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def give_up() -> None:
            async with both.engine(CONTROL_DATABASE).begin() as connection:
                await connection.execute(sa.update(tenants).where(tenants.c.slug == one.slug).values(moving_to=None))

        before_each_copy(monkeypatch, give_up, [])
        with pytest.raises(CannotMove, match="somebody else"):
            await one.moves.move(one.slug, SECOND)
        assert await where(both, one) == MAIN


class TestDeletion:
    async def test_waits_for_a_move_and_then_leaves_nothing_anywhere(
        self, both: Admin, one: Moved, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deletions, gone = Deletions(both, one.moves.subgraphs), list[int]()
        await due(both, one)

        async def sweep() -> None:
            gone.append(await deletions.sweep())

        before_each_copy(monkeypatch, sweep, [])
        await one.moves.move(one.slug, SECOND)
        assert gone == [0, 0]
        assert await deletions.sweep() == 1
        assert await schemas(both, one.caller.tenant_id) == []

    async def test_is_not_kept_from_destroying_keys_by_a_move_that_was_cut_off(
        self, both: Admin, one: Moved, spread_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            cut_off(patched, after=1)
            with pytest.raises(ConnectionError):
                await one.moves.move(one.slug, SECOND)
        await due(both, one)
        shred = shredding({"users": spread_sessions})
        assert await Deletions(both, one.moves.subgraphs, also=[shred]).sweep() == 1
        assert await schemas(both, one.caller.tenant_id) == []


class TestCuttingOff:
    async def test_a_move_that_was_killed_goes_on(
        self, spread: Spread, both: Admin, one: Moved, spread_sessions: Sessions
    ) -> None:
        await fill_rows(both, one.caller.tenant_id)
        await killed(spread, one, seconds=random.Random(6).uniform(0.1, 0.6))
        if await where(both, one) != SECOND:
            await one.moves.move(one.slug, SECOND)
        with contextlib.suppress(Unavailable):
            await claims(spread_sessions, one.caller)
        assert await claims(spread_sessions, one.caller) == KEYS
        assert await next_number(both.on(SECOND), one.caller.tenant_id) == 201


class TestMigrating:
    async def test_a_tenant_that_is_moved_meanwhile_is_migrated_where_it_has_come_to(
        self, both: Admin, one: Moved, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        servers: list[str] = []

        async def migrated(admin: Admin, some: Sequence[TenantId], _: object) -> None:
            if one.caller.tenant_id in some:
                servers.extend(name for name, each in both.servers.items() if each is admin)
                await placed(both, one.caller, SECOND)

        monkeypatch.setattr("studium.migrating.migrate_all", migrated)
        await migrate_tenants(both, one.moves.subgraphs)
        assert servers == [MAIN, SECOND]


class TestCopying:
    async def test_what_does_not_arrive_as_it_was_is_noticed_and_not_kept(self, both: Admin, tmp_path: Path) -> None:
        changing = history(tmp_path / "changing", CHANGING)
        tenant_id = TenantId(uuid7())
        await migrate_tenant(both, tenant_id, changing)
        async with both.engine(database_name("users")).begin() as connection:
            await connection.exec_driver_sql(f"SET LOCAL search_path TO {tenant_schema(tenant_id)}")
            await connection.exec_driver_sql("INSERT INTO first VALUES (1)")
        with pytest.raises(CopyDiffers, match="first"):
            await copy_tenant(both, both.on(SECOND), tenant_id, changing)
        assert await schemas(both, tenant_id) == [MAIN]

    async def test_a_schema_of_an_older_revision_is_migrated_first(self, both: Admin, tmp_path: Path) -> None:
        tenant_id = TenantId(uuid7())
        await migrate_tenant(both, tenant_id, history(tmp_path / "old", FIRST))
        with pytest.raises(NotCurrent):
            await copy_tenant(both, both.on(SECOND), tenant_id, history(tmp_path / "new", FIRST, SECOND_REVISION))


def cut_off(monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
    """Let moves end after some subgraphs were copied."""
    copied: list[str] = []

    async def copy(source: Admin, target: Admin, tenant_id: TenantId, migrations: SubgraphMigrations) -> None:
        if len(copied) == after:
            raise ConnectionError
        copied.append(migrations.subgraph)
        await copy_tenant(source, target, tenant_id, migrations)

    monkeypatch.setattr("shared.tenancy.moving.copy_tenant", copy)


def before_each_copy(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], Coroutine[None, None, None]], copied: list[str]
) -> None:
    """Let something happen in the midst of moves."""

    async def copy(source: Admin, target: Admin, tenant_id: TenantId, migrations: SubgraphMigrations) -> None:
        await act()
        await copy_tenant(source, target, tenant_id, migrations)
        copied.append(migrations.subgraph)

    monkeypatch.setattr("shared.tenancy.moving.copy_tenant", copy)


async def listed(spread: Spread, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The lines of `studium tenant list`, by slug."""
    settings = StudiumSettings(database_url=SecretStr(spread.control.servers.database))
    capsys.readouterr()
    assert await asyncio.to_thread(list_tenants, settings) == 0
    return {line.split()[1]: line for line in capsys.readouterr().out.splitlines()}


async def due(admin: Admin, one: Moved) -> None:
    """The time has come for the tenant to be deleted."""
    deleted = sa.update(tenants).where(tenants.c.slug == one.slug).values(delete_after=sa.func.now())
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(deleted)


async def everything(admin: Admin, one: Moved) -> dict[str, frozenset[str]]:
    """The tenant's schemas on a server, described."""
    found: dict[str, frozenset[str]] = {}
    for each in one.moves.subgraphs:
        async with admin.engine(database_name(each.subgraph)).connect() as connection:
            found[each.subgraph] = await described(connection, one.caller.tenant_id, each.subgraph)
    return found


async def where(admin: Admin, one: Moved) -> str:
    chosen = sa.select(tenants.c.server).where(tenants.c.slug == one.slug)
    async with admin.engine(CONTROL_DATABASE).connect() as connection:
        return (await connection.scalar(chosen)) or MAIN


async def killed(spread: Spread, one: Moved, *, seconds: float) -> None:
    """Let another process move the tenant, and kill it some time after it has begun."""
    given = {
        "main": spread.control.servers.database,
        "second": spread.second.get_secret_value(),
        "slug": one.slug,
        "few": [*FEW],
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MOVING, json.dumps(given), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    await asyncio.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
