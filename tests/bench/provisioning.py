"""`python -m tests.bench.provisioning`: making tenants, migrating all of them, and the memory of a pooled backend.

The servers are the embedded ones; `--durable` lets PostgreSQL wait for the disk at each commit, as in production.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any, Final

from pydantic import SecretStr

from shared.caller import TenantId, service_caller
from shared.database import Sessions
from shared.ids import uuid7
from shared.tenancy.migrate import SubgraphMigrations, migrate_all
from shared.tenancy.provision import Provisioner, prepare_platform
from shared.tenancy.roles import Admin, login_url
from studium.embedded import DataFolder, EmbeddedServers, Ports, Supervisor
from studium.platform import migrations
from subgraphs.auth.store.accounts import AccountStore
from tests.bench import processes

_SECRET: Final = SecretStr("0" * 64)
_AT_A_TIME: Final = 4
_NEXT: Final = """
import sqlalchemy as sa
revision = "9999"
down_revision = {head!r}
def upgrade(op):
    op.add_column("idempotency", sa.Column("bench", sa.Text))
"""


async def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--durable", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with _server(Path(folder), durable=options.durable) as url:
            figures = await _measure(url, options.tenants, Path(folder))
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


@asynccontextmanager
async def _server(root: Path, *, durable: bool) -> AsyncGenerator[str]:
    folder = DataFolder(root / "data")
    folder.open()
    supervisor = Supervisor(say=sys.stderr.write)
    servers = EmbeddedServers(folder, Ports(folder), durable=durable)
    try:
        await servers.start(supervisor)
        assert servers.urls.database
        yield servers.urls.database
    finally:
        await supervisor.stop()
        folder.close()


async def _measure(url: str, count: int, folder: Path) -> dict[str, Any]:
    admin, everything = Admin(url), migrations()
    tenants = [TenantId(uuid7()) for _ in range(count)]
    try:
        await prepare_platform(admin, _SECRET, everything)
        provisioned = await _provision(Provisioner(admin, everything), tenants)
        current = await _timed(migrate_all(admin, tenants, everything, at_a_time=_AT_A_TIME))
        newer, before = [_with_one_more(one, folder) for one in everything], _servers_cpu()
        migrated = await _timed(migrate_all(admin, tenants, newer, at_a_time=_AT_A_TIME))
        migrating = round(_servers_cpu() - before, 2)
    finally:
        await admin.aclose()
    return {
        "tenants": count,
        "provision": provisioned,
        "migrate, nothing to do: s": current,
        "migrate, one revision in each subgraph: s": migrated,
        "migrate, one revision in each subgraph: CPU s of PostgreSQL": migrating,
        "backend": await _backend_memory(url, tenants),
    }


async def _provision(provisioner: Provisioner, tenants: Sequence[TenantId]) -> dict[str, float]:
    """Several tenants at a time, as several workers would. CPU is that of all cores together."""
    queue, each = list(reversed(tenants)), list[float]()
    own, servers = time.process_time(), _servers_cpu()

    async def worker() -> None:
        while queue:
            each.append(await _timed(provisioner.provision(queue.pop())))

    whole = await _timed(asyncio.gather(*(worker() for _ in range(_AT_A_TIME))))
    return {
        "s each, all in all": round(whole / len(tenants), 4),
        "CPU s of PostgreSQL each": round((_servers_cpu() - servers) / len(tenants), 4),
        "CPU s of the worker each": round((time.process_time() - own) / len(tenants), 4),
        "median s of one": round(statistics.median(each), 3),
        "slowest s of one": round(max(each), 3),
    }


def _servers_cpu() -> float:
    """CPU seconds of this process's children, and of those that they have waited for."""
    return sum(_ticks(pid) for pid in processes.tree(os.getpid()) if pid != os.getpid()) / processes.TICK


def _ticks(pid: int) -> int:
    """Of a process that ends at this moment, they are its parent's."""
    with suppress(OSError):
        return sum(int(ticks) for ticks in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15])
    return 0


async def _timed(work: Any) -> float:
    began = time.perf_counter()
    await work
    return round(time.perf_counter() - began, 3)


def _with_one_more(one: SubgraphMigrations, folder: Path) -> SubgraphMigrations:
    """The subgraph's history and a revision after it."""
    copied = folder / one.subgraph / "versions"
    copytree(one.versions, copied)
    head = max(path.name[1:5] for path in copied.glob("r*.py"))
    (copied / "r9999_bench.py").write_text(_NEXT.format(head=head))
    return replace(one, versions=copied)


async def _backend_memory(url: str, tenants: Sequence[TenantId]) -> dict[str, float]:
    """The private memory of the one backend of a pool of the auth subgraph, MB: after one tenant, and the most ever."""
    sessions = Sessions.create(login_url(url, "auth", _SECRET), subgraph="auth", pool_size=1)
    try:
        seen = [await _serve(sessions, tenant_id) for tenant_id in tenants]
        return {"MB after one tenant": seen[0], f"most MB with {len(tenants)}": max(seen), "MB at last": seen[-1]}
    finally:
        await sessions.aclose()


async def _serve(sessions: Sessions, tenant_id: TenantId) -> float:
    """Serve a tenant, and look at the memory of who did."""
    async with sessions.read(service_caller(tenant_id, "bench")) as session:
        await AccountStore(session).by_email("nobody@school.example")
        connection = await (await session.connection()).get_raw_connection()
        driver: Any = connection.driver_connection
        return _private_megabytes(driver.get_server_pid())


def _private_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:")]
    return round(sum(kilobytes) / 1024, 1)


if __name__ == "__main__":
    asyncio.run(main())
