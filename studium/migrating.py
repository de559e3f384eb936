"""`studium migrate`: the databases all tenants share, then every tenant's schemas."""

import asyncio

from shared.tenancy.migrate import MigrationFailed, migrate_all
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
        tenants = await Registry(admin.engine(CONTROL_DATABASE)).open()
        for name, server in admin.servers.items():
            await migrate_all(server, [each.id for each in tenants if (each.server or MAIN) == name], everything)
    finally:
        await admin.aclose()


def create_admin(settings: StudiumSettings) -> Admin:
    """The administrator's connections.

    Raises:
        CannotStart: nobody said where the database is.
    """
    if settings.database_url is None:
        raise CannotStart("STUDIUM_DATABASE_URL is not set; `studium up` sets it for the processes it starts.")
    return Admin(settings.database_url, settings.database_servers)
