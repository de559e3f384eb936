"""The worker's part of `exportTenant`: everything of a tenant, of every subgraph, in one archive on its own shelf."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.caller import Caller, TenantId, service_caller
from shared.data_keys import DataKeys, MasterKey
from shared.database import Sessions
from shared.documents import Documents
from shared.events.outages import is_outage
from shared.tenancy.archive import ArchivedFile, archived, document_files, table_files
from shared.tenancy.export_jobs import (
    MOST_ATTEMPTS,
    ExportOrder,
    Work,
    expired,
    finish,
    forget_archive,
    give_back,
    oldest,
    working_on,
)
from shared.tenancy.jobs import ORDERED_CHANNEL, Archive, JobState
from shared.tenancy.notices import sweep_on_notices
from shared.tenancy.registry import Registry
from subgraphs.auth.service.tenant_exports import ExportShelf

_FORMAT: Final = 1
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Exports:
    """Makes the archives that were ordered, one after another, and drops those that nobody may fetch any more.

    An archive that was begun by a worker that was killed is begun anew; one that fails again and again is given up,
    unless that is for a server that is away, or since the tenant is being moved.
    """

    engine: AsyncEngine
    """The control database's, as its administrator."""
    registry: Registry
    sessions: Mapping[str, Sessions]
    """Of each subgraph with tables of its own, by its name."""
    documents: Documents
    shelf: ExportShelf
    master: MasterKey
    """What tenants' data keys are wrapped by."""

    async def run(self) -> None:
        """Make them until cancelled: woken by notices, sweeping in case one was missed."""
        await sweep_on_notices(self.engine, ORDERED_CHANNEL, self.sweep, _log)

    async def sweep(self, *, now: datetime | None = None) -> None:
        """Make all there are, the oldest first; one that fails is left for the next sweep."""
        failed: set[UUID] = set()
        while order := await oldest(self.engine, failed):
            if not await self._make(order):
                failed.add(order.id)
        await self._forget(now or datetime.now(UTC))

    async def _make(self, order: ExportOrder) -> bool:
        """Whether nothing is left to be done."""
        async with working_on(self.engine, order.id) as work:
            if work is None:
                return False
            try:
                archive = await self._store(order.tenant_id, order.id)
                await self.shelf.clear(_caller(order.tenant_id), besides=order.id)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other tenants are not to wait for it
                _log.exception("export.failed", tenant_id=str(order.tenant_id), attempt=work.attempts)
                await self._failed(order, work, error)
                return False
            await finish(work.connection, order.id, JobState.DONE, msgspec.to_builtins(archive))
            _log.info("export.done", tenant_id=str(order.tenant_id), bytes=archive.bytes)
        return True

    async def _failed(self, order: ExportOrder, work: Work, error: Exception) -> None:
        if is_outage(error):
            await give_back(work.connection, order.id)
        elif work.attempts >= MOST_ATTEMPTS:
            await self.shelf.drop(_caller(order.tenant_id), order.id)
            await finish(work.connection, order.id, JobState.FAILED, {})

    async def _store(self, tenant_id: TenantId, job_id: UUID) -> Archive:
        caller = _caller(tenant_id)
        await self.shelf.drop(caller, job_id)  # what a worker that was killed has left
        size = number = 0
        async with aclosing(archived(self._sources(caller), await self._about(tenant_id))) as pieces:
            async for piece in pieces:
                await self.shelf.put(caller, job_id, number, piece)
                size, number = size + len(piece), number + 1
        return Archive(size, number)

    async def _about(self, tenant_id: TenantId) -> dict[str, Any]:
        record = await self.registry.by_id(tenant_id)
        return {"format": _FORMAT, "tenant": msgspec.to_builtins(record), "madeAt": datetime.now(UTC)}

    def _sources(self, caller: Caller) -> list[AsyncGenerator[ArchivedFile]]:
        tables = [
            table_files(one, caller, _metadata(name), DataKeys(self.master, subgraph=name))
            for name, one in self.sessions.items()
        ]
        return [*tables, document_files(self.documents, caller)]

    async def _forget(self, now: datetime) -> None:
        async with self.engine.begin() as connection:
            old = await expired(connection, now)
        for job_id, tenant_id in old:
            try:
                await self.shelf.drop(_caller(tenant_id), job_id)
            except Exception:  # noqa: BLE001 - it goes at the next sweep, and holds up no others
                _log.exception("export.not_dropped", tenant_id=str(tenant_id))
                continue
            async with self.engine.begin() as connection:
                await forget_archive(connection, job_id)


def _caller(tenant_id: TenantId) -> Caller:
    return service_caller(tenant_id, "export")


def _metadata(subgraph: str) -> sa.MetaData:
    return import_module(f"subgraphs.{subgraph}.models").Model.metadata
