"""However a tenant's transaction ends, the next one on its connection finds nothing of it: no role, path or lock.

And the walls of `shared.database` are all needed: without any of them, these tests notice.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared import database
from shared.errors import DomainError
from shared.idempotency import idempotency_table
from shared.ids import uuid7
from shared.tenancy.names import PLACEHOLDER_SCHEMA, tenant_role
from tests.isolation.mutants import Mutant, mutants_of
from tests.tenants import Control, Tenant

KEYS = idempotency_table(sa.MetaData(schema=PLACEHOLDER_SCHEMA))
STATE: Final = sa.text("""
    SELECT current_user::text, session_user::text, current_setting('search_path'),
        current_setting('transaction_isolation'),
        (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
        (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND pg_table_is_visible(oid)),
        (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name IN ('role', 'search_path'))
""")
ENDINGS: Final = ("commit", "exception", "error", "cancelled", "savepoint", "savepoint error", "read", "killed")

Ending = Callable[[Any, Any, Tenant], Awaitable[None]]


@asynccontextmanager
async def one_connection(control: Control, module: Any = database) -> AsyncGenerator[Any]:
    """Sessions over one connection, so that every transaction comes after another one on it."""
    sessions = module.Sessions.create(control.login_url("users"), subgraph="users", pool_size=1)
    try:
        yield sessions
    finally:
        await sessions.aclose()


async def state(sessions: Any) -> tuple[object, ...]:
    """Of a connection as the pool hands it out."""
    async with sessions.engine.connect() as connection:
        return tuple((await connection.execute(STATE)).one())


async def keep_a_row(module: Any, sessions: Any, tenant: Tenant) -> None:
    async with module.unit_of_work(sessions, tenant.caller()) as session:
        row = {"user_id": uuid7(), "operation": "test", "key": tenant.slug, "fingerprint": b""}
        await session.execute(sa.insert(KEYS).values(row))


async def look_around(sessions: Any, tenant: Tenant) -> tuple[str, list[str]]:
    """The role that a transaction of the tenant acts as, and whose rows it sees."""
    async with sessions.read(tenant.caller()) as session:
        role = await session.scalar(sa.select(sa.literal_column("current_user", sa.Text)))
        return role or "", [*(await session.scalars(sa.select(KEYS.c.key))).all()]


async def end(how: str, module: Any, sessions: Any, tenant: Tenant) -> None:
    """A transaction of the tenant that ends in some way, having done as much as it could."""
    if how == "read":
        await look_around(sessions, tenant)
        return
    with suppress(ZeroDivisionError, TimeoutError, DBAPIError, DomainError):
        async with asyncio.timeout(0.05 if how == "cancelled" else None):
            async with module.unit_of_work(sessions, tenant.caller()) as session:
                await _work(how, session)


async def _work(how: str, session: Any) -> None:
    await session.execute(sa.text("SELECT pg_advisory_xact_lock(7), set_config('search_path', 'pg_catalog', true)"))
    match how:
        case "exception":
            raise ZeroDivisionError
        case "error":
            await session.execute(sa.text("SELECT 1 / 0"))
        case "cancelled":
            await session.execute(sa.text("SELECT pg_sleep(60)"))
        case "killed":
            await session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        case "savepoint" | "savepoint error":
            with suppress(DBAPIError):
                async with session.begin_nested():
                    await session.execute(sa.text("SELECT 1 / 0" if how == "savepoint error" else "SELECT 1"))
        case _:
            pass


@pytest.mark.parametrize("how", ENDINGS)
async def test_nothing_is_left_on_the_connection(
    control: Control, tenant: Tenant, other_tenant: Tenant, how: str
) -> None:
    async with one_connection(control) as sessions:
        fresh = await state(sessions)
        await keep_a_row(database, sessions, tenant)
        for then in (other_tenant, tenant):
            await end(how, database, sessions, tenant)
            assert await state(sessions) == fresh
            own = [tenant.slug] if then is tenant else []
            assert await look_around(sessions, then) == (tenant_role(then.id, "users"), own)


async def test_after_any_two_endings_one_after_the_other(
    control: Control, tenant: Tenant, other_tenant: Tenant
) -> None:
    quick = [how for how in ENDINGS if how not in {"cancelled", "killed"}]
    async with one_connection(control) as sessions:
        fresh = await state(sessions)
        await keep_a_row(database, sessions, tenant)
        for first, second in product(quick, quick):
            await end(first, database, sessions, tenant)
            await end(second, database, sessions, other_tenant)
            assert await look_around(sessions, other_tenant) == (tenant_role(other_tenant.id, "users"), [])
            assert await look_around(sessions, tenant) == (tenant_role(tenant.id, "users"), [tenant.slug])
        assert await state(sessions) == fresh


def without_a_wall(mutant: Mutant) -> ModuleType:
    module = ModuleType("shared.database_without_a_wall")
    sys.modules[module.__name__] = module
    exec(compile(mutant.code, module.__name__, "exec"), vars(module))  # noqa: S102 - our own code, changed in one place
    return module


async def holds(module: Any, control: Control, tenant: Tenant, other: Tenant) -> bool:
    """Whether two tenants see their own rows, in their own roles, through a module."""
    async with one_connection(control, module) as sessions:
        try:
            for one in (tenant, other):
                await keep_a_row(module, sessions, one)
            seen = [await look_around(sessions, one) for one in (tenant, other, tenant)]
        except (DBAPIError, DomainError):
            return False
    return seen == [(tenant_role(one.id, "users"), [one.slug]) for one in (tenant, other, tenant)]


MOVED: Final = "await self._server_of(tenant_id) != server"
"""Where a tenant is by now parts it from nobody; that is what `tests/shared/tenancy` looks at."""
WALLS: Final = [wall for wall in mutants_of(Path(database.__file__).read_text()) if wall.what != MOVED]


class TestWithoutAWall:
    def test_there_are_walls(self) -> None:
        assert len(WALLS) >= 4

    async def test_all_walls_standing_tenants_see_their_own(
        self, control: Control, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        assert await holds(database, control, tenant, other_tenant)

    @pytest.mark.parametrize("wall", WALLS, ids=lambda wall: f"line {wall.line}: {wall.what}")
    async def test_it_is_noticed(self, control: Control, tenant: Tenant, other_tenant: Tenant, wall: Mutant) -> None:
        assert not await holds(without_a_wall(wall), control, tenant, other_tenant)
