"""`studium tenant`: makes tenants, lists and changes them."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from getpass import getpass

import aiohttp
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.caller import TenantId
from shared.errors import DomainError
from shared.tenancy.changes import Change, change_tenant
from shared.tenancy.drift import Drift, drifts
from shared.tenancy.moving import unfinished
from shared.tenancy.names import CONTROL_DATABASE, MAIN
from shared.tenancy.profile import Measure, Quotas
from shared.tenancy.registry import Registry, TenantRecord, TenantStatus
from studium.client import Graph
from studium.embedded import CannotStart, DataFolder
from studium.embedded.postgres import Postgres
from studium.migrating import create_admin
from studium.platform import migrations
from studium.seed_operations import SIGN_UP_TENANT
from studium.settings import StudiumSettings


def create_tenant(options: argparse.Namespace) -> int:
    """Sign a tenant up through a running router; the worker provisions it."""
    password = sys.stdin.readline().rstrip("\n") if options.password_stdin else getpass("Password of the owner: ")
    given = {"slug": options.slug, "name": options.name, "password": password}
    owner = {"ownerName": options.owner_name, "ownerEmail": options.owner_email}
    tenant_id = asyncio.run(_sign_up(options.url, given | owner))
    print(f"{options.slug}  {tenant_id}")  # noqa: T201 - what the command is for
    return 0


def list_tenants(settings: StudiumSettings) -> int:
    """Every tenant but those that are being made, a line each (`line_of`), and how far a move of it is."""
    every, moves = asyncio.run(_open(settings))
    for tenant in every:
        print("  ".join(filter(None, (line_of(tenant), moves.get(tenant.id)))))  # noqa: T201 - what the command is for
    return 0


def change(settings: StudiumSettings, options: argparse.Namespace) -> int:
    """Change a tenant's record; routers know within a second, and after a minute even if nobody can tell them."""
    status = None if options.status is None else TenantStatus(options.status)
    ceilings = _ceilings(options.ceiling)
    wanted = Change(
        status, tuple(options.on), tuple(options.off), options.region, ceilings, opens_sign_in=options.open_sign_in
    )
    print(line_of(asyncio.run(_changed(settings, options.slug, wanted))))  # noqa: T201 - what the command is for
    return 0


def delete(settings: StudiumSettings, options: argparse.Namespace) -> int:
    """Suspend a tenant, to be deleted after a time in which `studium tenant resume` takes that back."""
    if options.confirm != options.slug:
        raise CannotStart("Nothing was done: `--confirm` does not repeat the slug.")
    due = datetime.now(UTC) + timedelta(days=options.days)
    tenant = asyncio.run(_changed(settings, options.slug, Change(delete_after=due)))
    print(line_of(tenant))  # noqa: T201 - what the command is for
    return 0


def check(settings: StudiumSettings, slug: str | None) -> int:
    """Compare tenants' schemas with what the migrations make; status 1 if one is different."""
    return 1 if asyncio.run(_check(_with_embedded_database(settings), slug)) else 0


async def _check(settings: StudiumSettings, slug: str | None) -> int:
    """How many are different."""
    admin, count = create_admin(settings), 0
    try:
        registry = Registry(admin.engine(CONTROL_DATABASE))
        every = await registry.open()
        if slug is not None and slug not in {each.slug for each in every}:
            raise CannotStart(f"There is no tenant called {slug}.")
        for name, server in admin.servers.items():
            there = {each.id: each.slug for each in every if (each.server or MAIN) == name}
            async for drift in drifts(server, there, migrations()):
                called = there.get(drift.tenant_id, str(drift.tenant_id))
                if slug in {None, called} and not await _has_come_or_gone(registry, name, drift, there):
                    count += 1
                    _tell(name, called, drift)
    finally:
        await admin.aclose()
    print(f"{count} schemas are not as they should be." if count else "Every schema is as it should be.")  # noqa: T201 - what the command is for
    return count


async def _has_come_or_gone(registry: Registry, server: str, drift: Drift, there: Collection[TenantId]) -> bool:
    """Whether a tenant was signed up or deleted since the check began, or is being made: then nothing is wrong."""
    now = await registry.by_id(drift.tenant_id)
    if drift.tenant_id in there:
        return now is None
    return now is not None and (now.server or MAIN) == server


def _tell(server: str, tenant: str, drift: Drift) -> None:
    lines = [*(f"  - {line}" for line in drift.missing), *(f"  + {line}" for line in drift.surplus)]
    print("\n".join([f"{tenant} {drift.subgraph} on {server}:", *lines]))  # noqa: T201 - what the command is for


def line_of(tenant: TenantRecord) -> str:
    """What the command says of a tenant: id, slug, status, region, features, server, name, and when it is deleted."""
    features, server = ",".join(tenant.features) or "-", tenant.server or MAIN
    row = f"{tenant.id}  {tenant.slug:<20}  {tenant.status:<9}  {tenant.region or '-'}  {features}  {server}"
    row = f"{row}  {tenant.name}"
    return row if tenant.delete_after is None else f"{row}  deleted after {tenant.delete_after:%Y-%m-%d %H:%M} UTC"


async def _sign_up(url: str, given: dict[str, str]) -> str:
    async with aiohttp.ClientSession() as http:
        payload = await Graph(http, url).change(SIGN_UP_TENANT, input=given)
    return payload["tenant"]["id"]


async def _open(settings: StudiumSettings) -> tuple[list[TenantRecord], dict[TenantId, str]]:
    async with _control(settings) as engine:
        return await Registry(engine).open(), await unfinished(engine)


async def _changed(settings: StudiumSettings, slug: str, wanted: Change) -> TenantRecord:
    try:
        async with _control(settings) as engine, engine.begin() as connection:
            return await change_tenant(connection, slug, wanted)
    except DomainError as error:
        raise CannotStart(f"{error}: {slug}.") from error


def _ceilings(given: Sequence[str] | None) -> Quotas | None:
    """Of ``users=500``, ``streams=20``; None leaves them as they are."""
    if given is None:
        return None
    try:
        said = {Measure(name).value: int(limit) for name, _, limit in (each.partition("=") for each in given if each)}
    except ValueError as error:
        known = ", ".join(Measure)
        raise CannotStart(f"A ceiling is one of {known}, an equals sign and a whole number: {error}.") from error
    return Quotas(**said)


@asynccontextmanager
async def _control(settings: StudiumSettings) -> AsyncGenerator[AsyncEngine]:
    """The control database, as its administrator."""
    admin = create_admin(_with_embedded_database(settings))
    try:
        yield admin.engine(CONTROL_DATABASE)
    finally:
        await admin.aclose()


def _with_embedded_database(settings: StudiumSettings) -> StudiumSettings:
    """The database of the platform that runs on the data folder, unless another one is named."""
    url = Postgres.url_of_last_start(DataFolder(settings.data))
    if settings.database_url is not None or url is None:
        return settings
    return settings.model_copy(update={"database_url": SecretStr(url)})
