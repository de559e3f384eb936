"""Archives of the tenant: kept in pieces under its data key, and fetched by links that expire shortly.

A link is of use to whoever has it, so it is made only for who may manage the tenant and has just proved who they are,
and tells who that was: the audit says whose link an archive was fetched by.
"""

from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.caller import Caller, UserId, service_caller
from shared.crypto import SealBroken, Sealer
from shared.data_keys import DataKeys
from shared.database import Sessions, unit_of_work
from shared.errors import NotFound
from shared.tenancy.jobs import Archive, JobBoard, TenantJob
from shared.tenancy.registry import Registry, TenantStatus
from subgraphs.auth.models.tenant_exports import TenantExportPiece
from subgraphs.auth.service import audit
from subgraphs.auth.store.tenant_exports import TenantExportStore

_LINK_LASTS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ExportShelf:
    """Where the pieces of archives are."""

    sessions: Sessions
    keys: DataKeys

    async def put(self, caller: Caller, job_id: UUID, number: int, piece: bytes) -> None:
        """Keep the next piece."""
        async with unit_of_work(self.sessions, caller) as session:
            ring = await self.keys.of(session, sealing=True)
            sealed = ring.seal(TenantExportPiece.sealed_content, _row(job_id, number), b64encode(piece).decode())
            await TenantExportStore(session).add(job_id, number, sealed)

    async def read(self, caller: Caller, job_id: UUID, archive: Archive) -> AsyncGenerator[bytes]:
        """The pieces, each in a transaction of its own: who fetches slowly holds nothing.

        Raises:
            NotFound: a piece is gone, for another archive has taken its place.
        """
        for number in range(archive.pieces):
            async with self.sessions.read(caller) as session:
                sealed = await TenantExportStore(session).get(job_id, number)
                if sealed is None:
                    raise NotFound
                ring = await self.keys.of(session)
            yield b64decode(ring.open(TenantExportPiece.sealed_content, _row(job_id, number), sealed))

    async def clear(self, caller: Caller, *, besides: UUID | None = None) -> None:
        """Drop all archives, but one if it is told."""
        async with unit_of_work(self.sessions, caller) as session:
            await TenantExportStore(session).clear(besides=besides)

    async def drop(self, caller: Caller, job_id: UUID) -> None:
        """Drop one archive."""
        async with unit_of_work(self.sessions, caller) as session:
            await TenantExportStore(session).drop(job_id)


@dataclass(frozen=True, slots=True)
class ExportLinks:
    """Makes links to archives, and answers them."""

    tenants: Registry
    shelf: ExportShelf
    sealer: Sealer
    public_url: str

    def link(self, caller: Caller, slug: str, job: TenantJob, *, now: datetime | None = None) -> str | None:
        """A link to what a job has made; None if there is nothing (any more)."""
        moment, gone_at = now or datetime.now(UTC), job.archive_expires_at
        if gone_at is None or gone_at <= moment:
            return None
        ends = min(moment + _LINK_LASTS, gone_at)
        told = f"{int(ends.timestamp())} {caller.require_user()}"
        token = self.sealer.seal(told, context=f"{caller.tenant_id}/{job.id}")
        return f"{self.public_url}/t/{slug}/exports/{job.id}?token={token}"

    async def follow(
        self, slug: str, job_id: UUID, token: str, *, now: datetime | None = None
    ) -> tuple[Archive, AsyncGenerator[bytes]]:
        """The archive that a link leads to, and its pieces; the audit tells that it was fetched.

        Raises:
            NotFound: the link is made up or too old, the archive is gone, or the tenant is closed.
        """
        tenant, moment = await self.tenants.by_slug(slug), now or datetime.now(UTC)
        if tenant is None or tenant.status is not TenantStatus.ACTIVE:
            raise NotFound
        try:
            ends, user_id = self.sealer.open(token, context=f"{tenant.id}/{job_id}").split()
        except SealBroken:
            raise NotFound from None
        if int(ends) < moment.timestamp():
            raise NotFound
        caller = service_caller(tenant.id, "export")  # lint-skip: callers-from-tokens (the link is the proof)
        job = await JobBoard(self.tenants).get(caller, job_id)
        if job is None or job.archive is None:
            raise NotFound
        await self._note(caller, job_id, UserId(UUID(user_id)))
        return job.archive, self.shelf.read(caller, job_id, job.archive)

    async def _note(self, caller: Caller, job_id: UUID, user_id: UserId) -> None:
        async with unit_of_work(self.shelf.sessions, caller) as session:
            subject, actor = audit.Subject("TenantJob", job_id), audit.Actor.person(user_id)
            audit.note(session, "fetchTenantExport", subject, actor=actor)


def _row(job_id: UUID, number: int) -> str:
    return f"{job_id}/{number}"
