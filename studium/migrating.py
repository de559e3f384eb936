"""`studium migrate`: the databases all tenants share, then every tenant's schemas."""

import asyncio
from collections.abc import Sequence

from shared.caller import TenantId
from shared.tenancy.migrate import MigrationFailed, SubgraphMigrations, migrate_all
from shared.tenancy.names import CONTROL_DATABASE, MAIN
from shared.tenancy.provision import prepare_platform
from shared.tenancy.registry import Registry
from shared.tenancy.roles import Admin
from studium.embedded.errors import CannotStart
from studium.platform import migrations
from studium.settings import StudiumSettings


def migrate(settings: StudiumSettings) -> int:
    """Create what is missing and bring everything to the newest revision. Safe to repeat."""
    try:
        asyncio.run(_migrate(settings))
    except MigrationFailed as failure:
        raise CannotStart(f"Not everything was migrated: {failure}.") from failure
    return 0


async def _migrate(settings: StudiumSettings) -> None:
    admin, secret = create_admin(settings), settings.secret
    if secret is None:
        raise CannotStart("STUDIUM_SECRET is not set: the subgraphs' passwords are derived from it.")
    everything = migrations()
    try:
        await prepare_platform(admin, secret, everything)
        await migrate_tenants(admin, everything)
    finally:
        await admin.aclose()


async def migrate_tenants(admin: Admin, everything: Sequence[SubgraphMigrations]) -> None:
    """Every tenant where it is, and whoever has been moved, or made by an older worker, meanwhile."""
    registry, migrated = Registry(admin.engine(CONTROL_DATABASE)), set[tuple[TenantId, str]]()
    while found := {(each.id, each.server or MAIN) for each in await registry.open()} - migrated:
        for name, server in admin.servers.items():
            await migrate_all(server, sorted(each for each, where in found if where == name), everything)
        migrated |= found


def create_admin(settings: StudiumSettings) -> Admin:
    """The administrator's connections.

    Raises:
        CannotStart: nobody said where the database is.
    """
    if settings.database_url is None:
        raise CannotStart("STUDIUM_DATABASE_URL is not set; `studium up` sets it for the processes it starts.")
    return Admin(settings.database_url, settings.database_servers)
