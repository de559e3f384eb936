"""`studium tenant create` and `studium tenant list`."""

import argparse
import asyncio
import sys
from getpass import getpass

import aiohttp
from pydantic import SecretStr

from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import Registry, TenantRecord
from studium.client import Graph
from studium.embedded import DataFolder
from studium.embedded.postgres import Postgres
from studium.migrating import create_admin
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
    """Every active tenant: id, slug, name."""
    for tenant in asyncio.run(_active(settings)):
        print(f"{tenant.id}  {tenant.slug:<20}  {tenant.name}")  # noqa: T201 - what the command is for
    return 0


async def _sign_up(url: str, given: dict[str, str]) -> str:
    async with aiohttp.ClientSession() as http:
        payload = await Graph(http, url).change(SIGN_UP_TENANT, input=given)
    return payload["tenant"]["id"]


async def _active(settings: StudiumSettings) -> list[TenantRecord]:
    admin = create_admin(_with_embedded_database(settings))
    try:
        return await Registry(admin.engine(CONTROL_DATABASE)).active()
    finally:
        await admin.aclose()


def _with_embedded_database(settings: StudiumSettings) -> StudiumSettings:
    """The database of the platform that runs on the data folder, unless another one is named."""
    url = Postgres.url_of_last_start(DataFolder(settings.data))
    if settings.database_url is not None or url is None:
        return settings
    return settings.model_copy(update={"database_url": SecretStr(url)})
