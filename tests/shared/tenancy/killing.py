"""What holds of provisioning and of migrations that are killed at any moment: laws over the moment.

`test_killing` holds the first at one moment, `make fuzz` both at many.
"""

import asyncio
import contextlib
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.caller import TenantId
from shared.ids import uuid7
from shared.tenancy.drift import compare, reference
from shared.tenancy.migrate import SubgraphMigrations, migrate_all, outdated
from shared.tenancy.names import database_name, tenant_role
from shared.tenancy.provision import Provisioner
from shared.tenancy.roles import Admin
from tests.shared.tenancy.test_provision import FIRST, SECOND, history
from tests.tenants import Control

_TENANTS: Final = 8
_LONGEST_SECONDS: Final = 0.4
"""About what the work takes: some are killed before it, some after it."""
_WORKING: Final = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""
"""Those who change the structure of a schema keep others from it by such a lock."""
_READY: Final = """
import asyncio, json, sys
from pathlib import Path
from uuid import UUID
from shared.tenancy.migrate import SubgraphMigrations, migrate_all
from shared.tenancy.provision import Provisioner
from shared.tenancy.roles import Admin
given = json.loads(sys.argv[1])
admin, tenants = Admin(given["url"]), [UUID(each) for each in given["tenants"]]
subgraphs = [SubgraphMigrations(name, Path(versions)) for name, versions in given["subgraphs"]]
print("ready", flush=True)
"""
_PROVISIONING: Final = (
    _READY
    + """
async def provision():
    await asyncio.gather(*(Provisioner(admin, subgraphs).provision(each) for each in tenants))
asyncio.run(provision())
"""
)
_MIGRATING: Final = _READY + "asyncio.run(migrate_all(admin, tenants, subgraphs, at_a_time=2))"


async def provisioning_goes_on(control: Control, seed: int) -> None:
    """What was made of a tenant is whole, or is not there; and provisioning it again makes the rest."""
    some = [one for one in control.migrations if one.subgraph in {"analytics", "notifications"}]
    tenants = [TenantId(uuid7()) for _ in range(_TENANTS)]
    await _killed(control, _PROVISIONING, some, tenants, seed)
    async with control.admin() as admin:
        for one in some:
            await _settled(admin, one)
            expected = await reference(admin, one)
            for tenant_id in await _there(admin, tenants, one):
                async with admin.engine(database_name(one.subgraph)).connect() as connection:
                    assert await compare(connection, tenant_id, one, expected) is None
        for tenant_id in tenants:
            await Provisioner(admin, some).provision(tenant_id)
        assert [await outdated(admin, tenants, one) for one in some] == [[], []]


async def migrating_goes_on(control: Control, folder: Path, seed: int) -> None:
    """Each tenant is as it was or as it is to be; and migrating again migrates the rest."""
    old, new = history(folder / "old", FIRST), history(folder / "new", FIRST, SECOND)
    tenants = [TenantId(uuid7()) for _ in range(_TENANTS)]
    async with control.admin() as admin:
        await migrate_all(admin, tenants, [old])
        before, after = await reference(admin, old), await reference(admin, new)
        await _killed(control, _MIGRATING, [new], tenants, seed)
        await _settled(admin, new)
        waiting = await outdated(admin, tenants, new)
        for tenant_id in tenants:
            was, expected = (old, before) if tenant_id in waiting else (new, after)
            async with admin.engine(database_name(new.subgraph)).connect() as connection:
                assert await compare(connection, tenant_id, was, expected) is None
        await migrate_all(admin, tenants, [new])
        assert await outdated(admin, tenants, new) == []


async def _killed(
    control: Control, script: str, subgraphs: Sequence[SubgraphMigrations], tenants: Sequence[TenantId], seed: int
) -> None:
    """Let another process do the work, and kill it some time after it has begun."""
    given = {
        "url": control.servers.database,
        "tenants": [str(each) for each in tenants],
        "subgraphs": [(one.subgraph, str(one.versions)) for one in subgraphs],
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, json.dumps(given), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    await asyncio.sleep(random.Random(seed).uniform(0, _LONGEST_SECONDS))
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def _there(admin: Admin, tenants: Sequence[TenantId], one: SubgraphMigrations) -> list[TenantId]:
    """The tenants that have anything in a subgraph: a role is made with everything else of them, or not at all."""
    named = {tenant_role(each, one.subgraph): each for each in tenants}
    async with admin.engine(database_name(one.subgraph)).connect() as connection:
        roles = await connection.exec_driver_sql("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", ([*named],))
        return [named[name] for name in roles.scalars()]


async def _settled(admin: Admin, one: SubgraphMigrations) -> None:
    """What a server process has begun for a client that is gone comes to its end first."""
    async with admin.engine(database_name(one.subgraph)).connect() as connection:
        while (await connection.exec_driver_sql(_WORKING)).scalar_one():  # noqa: ASYNC110 - it is told by a server
            await asyncio.sleep(0.02)
