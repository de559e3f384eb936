"""`studium data-keys`: the keys that tenants' secrets are encrypted with: shown, rotated, wrapped anew, destroyed."""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Final

import sqlalchemy as sa

from shared.caller import TenantId, service_caller
from shared.crypto import SealBroken
from shared.data_keys import DataKeys, DataShredded
from shared.data_keys.columns import ProtectedTable, protected_tables
from shared.data_keys.rotation import Rotation
from shared.data_keys.store import DataKeyStore, ProtectedStore
from shared.database import Sessions, unit_of_work
from shared.errors import TenantNotFound, Unavailable
from shared.tenancy.names import CONTROL_DATABASE, PLACEHOLDER_SCHEMA
from shared.tenancy.provision import Step
from shared.tenancy.registry import Registry, TenantRecord
from shared.tenancy.roles import login_url
from studium.embedded import CannotStart
from studium.embedded_settings import with_embedded
from studium.keys import credentials_keys, given
from studium.master_key import MasterKeySettings, create_master_key
from studium.migrating import create_admin
from studium.platform import SUBGRAPHS
from studium.settings import StudiumSettings

_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.5


class RowsHeld(Exception):
    """Transactions of others hold rows, longer than one waits for."""


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """One tenant's keys in one subgraph."""

    tenant: TenantRecord
    subgraph: str
    keys: DataKeys
    sessions: Sessions
    tables: Sequence[ProtectedTable]

    @property
    def rotation(self) -> Rotation:
        return Rotation(self.keys, self.sessions, service_caller(self.tenant.id, "data-keys"))

    async def status(self) -> str:
        """Versions of the keys, and how many rows are not encrypted by the newest."""
        async with self.sessions.read(service_caller(self.tenant.id, "data-keys")) as session:
            wrapped = await DataKeyStore(session).wrapped()
            newest = max(wrapped, default=0)
            old = [await ProtectedStore(session, table).count_outdated(newest) for table in self.tables]
        if wrapped and not any(wrapped.values()):
            return "shredded"
        current = all(one is None or self.keys.master.is_current(one) for one in wrapped.values())
        versions = ",".join(map(str, wrapped)) or "none"
        return f"keys {versions}; rows of older keys {sum(old)}; master key {'current' if current else 'older'}"

    async def rotate(self) -> str:
        """Begin a new key, encrypt everything anew, and drop the keys that earlier runs have left without use."""
        dropped = await self.rotation.retire(self.tables, now=datetime.now(UTC))
        version = await self.rotation.begin()
        return f"key {version}; {await self._encrypt_anew()}; dropped {dropped}"

    async def finish(self) -> str:
        """Go on with a rotation that was cut short, without another new key."""
        said = await self._encrypt_anew()
        dropped = await self.rotation.retire(self.tables, now=datetime.now(UTC))
        return f"{said}; dropped {dropped}"

    async def rewrap(self) -> str:
        return f"wrapped anew {await self.rotation.rewrap()}"

    async def shred(self) -> str:
        """Destroy the keys; what none of them encrypted yet is encrypted first, so that it goes with them.

        Raises:
            RowsHeld: somebody writes rows that are not encrypted yet, and would outlast it; nothing was destroyed.
        """
        async with self.sessions.read(service_caller(self.tenant.id, "data-keys")) as session:
            wrapped = await DataKeyStore(session).wrapped()
        if not wrapped or any(wrapped.values()):
            for _ in range(_TRIES):
                if not await self._passed_over():
                    break
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                raise RowsHeld
        return f"destroyed {await self.rotation.shred()}"

    async def _passed_over(self) -> int:
        """Encrypt everything anew; returns how many rows are not, since others have them locked."""
        passed_over = 0
        for table in self.tables:
            unreadable = (await self.rotation.encrypt_anew(table)).unreadable
            async with self.sessions.read(service_caller(self.tenant.id, "data-keys")) as session:
                newest = max(await DataKeyStore(session).wrapped(), default=0)
                passed_over += await ProtectedStore(session, table).count_outdated(newest) - unreadable
        return passed_over

    async def _encrypt_anew(self) -> str:
        done = [await self.rotation.encrypt_anew(table) for table in self.tables]
        unreadable = sum(one.unreadable for one in done)
        return f"encrypted anew {sum(one.rows for one in done)}" + (f", unreadable {unreadable}" if unreadable else "")


def shredding(sessions: Mapping[str, Sessions]) -> Step:
    """What destroys the keys of a tenant that is deleted, before anything else of it goes. Safe to repeat.

    Args:
        sessions: of each subgraph, by its name.
    """
    encrypting = [sessions[name] for name in _encrypting() if name in sessions]

    async def shred(tenant_id: TenantId) -> None:
        for each in encrypting:
            with suppress(TenantNotFound):  # an earlier attempt came as far as to drop the schema
                async with unit_of_work(each, service_caller(tenant_id, "deletion")) as session:
                    await DataKeyStore(session).shred()

    return shred


def run(settings: StudiumSettings, options: argparse.Namespace) -> int:
    """Do to the keys of one tenant, or of all, what was asked for; status 1 if it failed for any of them.

    Raises:
        CannotStart: keys of all tenants are to be destroyed, or of one that does not repeat its name.
    """
    if options.action == "shred" and (options.tenant is None or options.tenant != options.confirm):
        raise CannotStart("Nothing brings shredded data back: name the tenant, and repeat its slug as --confirm.")
    failed = asyncio.run(_run(with_embedded(settings), options.action, options.tenant))
    return 1 if failed else 0


async def _run(settings: StudiumSettings, action: str, slug: str | None) -> int:
    """Do it to each; one tenant that it fails for holds up no other. Returns for how many it failed."""
    failed = 0
    async with _kept(settings, slug) as kept:
        for each in kept:
            try:
                said = await _done(each, action)
            except DataShredded:  # there is nothing to be done any more
                said = "shredded"
            except TenantNotFound:
                failed, said = failed + 1, "failed: it has no schema here (any more)"
            except Unavailable:
                failed, said = failed + 1, "failed: its server, or whoever holds the master key, does not answer"
            except RowsHeld:
                failed, said = (
                    failed + 1,
                    "failed: somebody writes rows that are not encrypted; nothing was destroyed",
                )
            except SealBroken:
                failed, said = failed + 1, "failed: no master key here unwraps its keys"
            print(f"{each.tenant.slug} {each.subgraph}: {said}")  # noqa: T201 - what the command is for
    return failed


async def _done(each: KeptKeys, action: str) -> str:
    match action:
        case "rotate":
            return await each.rotate()
        case "finish":
            return await each.finish()
        case "rewrap":
            return await each.rewrap()
        case "shred":
            return await each.shred()
        case _:
            return await each.status()


@asynccontextmanager
async def _kept(settings: StudiumSettings, slug: str | None) -> AsyncGenerator[list[KeptKeys]]:
    """Everybody's keys, in every subgraph that encrypts something."""
    master, secret = create_master_key(settings, MasterKeySettings()), given(settings.secret, "SECRET")
    admin, opened = create_admin(settings), dict[str, Sessions]()
    try:
        every = await Registry(admin.engine(CONTROL_DATABASE)).open()
        chosen = [tenant for tenant in every if slug in {None, tenant.slug}]
        if not chosen and slug is not None:
            raise CannotStart(f"There is no tenant called {slug}.")
        kept: list[KeptKeys] = []
        for name, metadata in _encrypting().items():
            url = login_url(given(settings.database_url, "DATABASE_URL"), name, secret)
            others = {server: login_url(one, name, secret) for server, one in settings.database_servers.items()}
            opened[name] = Sessions.create(url, subgraph=name, pool_size=2, servers=others)
            keys = DataKeys(master, subgraph=name, secrets=credentials_keys(settings))
            tables = protected_tables(metadata)
            kept += [KeptKeys(tenant, name, keys, opened[name], tables) for tenant in chosen]
        yield kept
    finally:
        for sessions in opened.values():
            await sessions.aclose()
        await admin.aclose()


def _encrypting() -> dict[str, sa.MetaData]:
    """The metadata of the subgraphs that have a table of data keys."""
    found: dict[str, sa.MetaData] = {}
    for name in SUBGRAPHS:
        model = getattr(import_module(f"subgraphs.{name}.models"), "Model", None)
        if model is not None and f"{PLACEHOLDER_SCHEMA}.data_keys" in model.metadata.tables:
            found[name] = model.metadata
    return found
