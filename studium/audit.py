"""`studium audit`: verifies the tenants' audits, and shows the heads that were signed, to be kept elsewhere."""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.events.repeat import for_each, rest
from shared.tenancy.names import CONTROL_DATABASE, MAIN, database_name
from shared.tenancy.registry import Registry, TenantRecord
from shared.tenancy.roles import Admin
from studium.embedded import CannotStart
from studium.embedded_settings import with_embedded
from studium.keys import given
from studium.master_key import MasterKeySettings
from studium.migrating import create_admin
from studium.settings import StudiumSettings
from subgraphs.auth.service.audit_heads import HeadSigner, faults, sign_head
from subgraphs.auth.store.audit_chain import AuditChain, Head

_EVERY_SECONDS: Final = 60.0
_log = structlog.get_logger("studium.audit")


class AuditHeads:
    """The worker's part: signs what has been added to the chains since it did so last."""

    def __init__(self, admin: Admin, registry: Registry, signer: HeadSigner) -> None:
        self._admin = admin
        self._registry = registry
        self._signer = signer

    async def run(self) -> None:
        """Sign once, and wait a minute. The log has each head too: a copy of it outside the database."""
        await self.sign()
        await rest(_EVERY_SECONDS)

    async def sign(self) -> None:
        """Sign all that is not signed yet; a tenant that this fails for does not hold up the others."""
        now = datetime.now(UTC)
        chained = {
            tenant.id: tenant.server
            for tenant in await self._registry.open()
            if tenant.delete_after is None or tenant.delete_after > now  # else its chain is gone, or will be
        }

        async def sign(tenant_id: TenantId) -> None:
            head = await self._sign(tenant_id, chained[tenant_id])
            if head is not None:
                _log.info("audit.head", **_shown(head))

        await for_each(chained, sign, _log, "audit.head_not_signed")

    async def _sign(self, tenant_id: TenantId, server: str | None) -> Head | None:
        async with self._admin.on(server).engine(database_name("auth")).begin() as connection:
            return await sign_head(AuditChain(connection, tenant_id), self._signer, tenant_id, now=datetime.now(UTC))


def verify(settings: StudiumSettings, options: argparse.Namespace) -> int:
    """Verify the audits of one tenant, or of all; status 1 if anything is wrong with one."""
    settings = with_embedded(settings)
    kept = _read(options.heads) if options.heads else []
    wrong = asyncio.run(_verify(settings, options.tenant, kept))
    return 1 if wrong else 0


def heads(settings: StudiumSettings, options: argparse.Namespace) -> int:
    """Print the signed heads, a JSON object a line."""
    asyncio.run(_print_heads(with_embedded(settings), options.tenant))
    return 0


async def _verify(settings: StudiumSettings, slug: str | None, kept: Sequence[Head]) -> int:
    signer = HeadSigner.create(given(settings.secret, "SECRET"), MasterKeySettings().before())
    wrong = 0
    async with _audited(settings, slug) as chains:
        for tenant, chain in chains:
            outside = [head for head in kept if head.tenant_id == tenant.id]
            found = [
                fault async for fault in faults(tenant.id, chain.entries(), [*await chain.heads(), *outside], signer)
            ]
            wrong += len(found)
            print(f"{tenant.slug}: {'; '.join(found) or 'unbroken'}")  # noqa: T201 - what the command is for
    return wrong


async def _print_heads(settings: StudiumSettings, slug: str | None) -> None:
    async with _audited(settings, slug) as chains:
        for _, chain in chains:
            for head in await chain.heads():
                print(msgspec.json.encode(_shown(head)).decode())  # noqa: T201 - what the command is for


@asynccontextmanager
async def _audited(
    settings: StudiumSettings, slug: str | None
) -> AsyncGenerator[Sequence[tuple[TenantRecord, AuditChain]]]:
    """The tenants in question with their chains, in one view of each server."""
    admin, views = create_admin(settings), dict[str, AsyncConnection]()
    async with AsyncExitStack() as closing:
        closing.push_async_callback(admin.aclose)
        tenants = await Registry(admin.engine(CONTROL_DATABASE)).open()
        chosen = [tenant for tenant in tenants if slug in {None, tenant.slug}]
        if not chosen and slug is not None:
            raise CannotStart(f"There is no tenant called {slug}.")
        for name in {tenant.server or MAIN for tenant in chosen}:
            connection = await closing.enter_async_context(admin.on(name).engine(database_name("auth")).connect())
            views[name] = await connection.execution_options(isolation_level="REPEATABLE READ")
        yield [(tenant, AuditChain(views[tenant.server or MAIN], tenant.id)) for tenant in chosen]


def _shown(head: Head) -> dict[str, str | int]:
    return {
        "tenant": str(head.tenant_id),
        "seq": head.seq,
        "hash": head.hash.hex(),
        "signed_at": head.signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "signature": head.signature.hex(),
    }


class _Kept(msgspec.Struct, frozen=True):
    tenant: UUID
    seq: int
    hash: str
    signed_at: datetime
    signature: str


def _read(path: Path) -> list[Head]:
    """Heads that were kept outside the database, as `heads` has printed them."""
    try:
        kept = [msgspec.json.decode(line, type=_Kept) for line in path.read_bytes().splitlines() if line.strip()]
        return [
            Head(one.tenant, one.seq, bytes.fromhex(one.hash), one.signed_at, bytes.fromhex(one.signature))
            for one in kept
        ]
    except (OSError, ValueError) as error:
        raise CannotStart(f"{path} cannot be read as a file of heads: {error}.") from error
