"""The outbox of a subgraph whose records are documents: a collection in each tenant's database.

An event is inserted in the transaction of its cause, as with tables. Entries are published in the order of their ids,
which grow with time; two processes that write at the same moment may be told in either order.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
import pymongo
from beanie import Document
from pymongo.errors import DuplicateKeyError

from shared.caller import Caller, TenantId, service_caller
from shared.documents import Documents, TenantDocument, TenantDocuments
from shared.events.event import Event, Recorded
from shared.ids import uuid7
from shared.tenancy.names import document_database

_AWAIT_MS: Final = 1000
"""How long the server may have nothing to tell before it says so: well below the time-out of its client."""
_LEASE: Final = timedelta(seconds=10)
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)


class OutboxEntry(TenantDocument):
    """An event that waits to be published, or was; its id is the event's."""

    topic: str
    payload: str
    """The event as a JSON object."""
    published_at: datetime | None = None

    class Settings:
        name = "outbox"
        indexes: ClassVar = [pymongo.IndexModel([("published_at", 1), ("_id", 1)], name="unpublished")]


class OutboxLease(Document):
    """Which relay publishes the tenant's events at the moment. It runs out, so that a killed relay keeps nobody out."""

    id: str  # pyright: ignore[reportGeneralTypeIssues,reportIncompatibleVariableOverride] - Beanie's default is an ObjectId or None
    holder: UUID
    until: datetime

    class Settings:
        name = "outbox_lease"


OUTBOX_MODELS: Final[Sequence[type[Document]]] = (OutboxEntry, OutboxLease)
"""What a subgraph's documents hold beside its own."""


async def record_document(documents: TenantDocuments, event: Event) -> None:
    """Store `event` in the transaction `documents` is used in.

    Raises:
        ValueError: the event belongs to another tenant.
    """
    if event.tenant_id != documents.caller.tenant_id:
        raise ValueError(f"event of tenant {event.tenant_id} among documents of tenant {documents.caller.tenant_id}")
    payload = msgspec.json.encode(event.told_by(documents.caller)).decode()
    await documents.of(OutboxEntry)(id=event.event_id, topic=event.topic, payload=payload).insert()


class DocumentSource:
    """Reads the outboxes of a subgraph's document databases for the relay."""

    def __init__(self, documents: Documents, tenants: Callable[[], Awaitable[Sequence[TenantId]]]) -> None:
        self._documents = documents
        self._tenants = tenants

    @property
    def subgraph(self) -> str:
        return self._documents.subgraph

    async def tenants(self) -> Sequence[TenantId]:
        return await self._tenants()

    async def wakes(self) -> AsyncGenerator[TenantId | None]:
        """Watch what is inserted anywhere on the server; other databases are not ours to react to."""
        inserted = [{"$match": {"operationType": "insert", "ns.coll": OutboxEntry.Settings.name}}]
        async with await self._documents.client.watch(inserted, max_await_time_ms=_AWAIT_MS) as changes:
            yield None
            while changes.alive:
                change = await changes.try_next()  # waiting for the next one takes no longer than any other request
                tenant_id = None if change is None else self._tenant_of(change["ns"]["db"])
                if tenant_id is not None:
                    yield tenant_id

    @asynccontextmanager
    async def batch(self, tenant_id: TenantId, limit: int) -> AsyncGenerator[Sequence[Recorded]]:
        holder = uuid7()
        if not await self._lease(tenant_id, holder):
            yield []
            return
        try:
            entries = await self._oldest(tenant_id, limit)
            yield [Recorded(entry.id, tenant_id, entry.topic, entry.payload.encode()) for entry in entries]
            if entries:
                ids = [entry.id for entry in entries]
                await self._publish(tenant_id, {"_id": {"$in": ids}}, datetime.now(UTC))
        finally:
            leases = await self._collection(tenant_id, OutboxLease)
            await leases.update_one({"_id": "relay", "holder": holder}, {"$set": {"until": _LONG_AGO}})

    async def replay(self, tenant_id: TenantId, since: datetime) -> int:
        return await self._publish(tenant_id, {"published_at": {"$gte": since}}, None)

    async def prune(self, tenant_id: TenantId, before: datetime) -> int:
        entries = await self._collection(tenant_id, OutboxEntry)
        return (await entries.delete_many({"published_at": {"$lt": before}})).deleted_count

    def _tenant_of(self, database: str) -> TenantId | None:
        name, _, digits = database.rpartition("_")
        try:
            tenant_id = TenantId(UUID(digits))
        except ValueError:
            return None
        return tenant_id if document_database(self.subgraph, tenant_id) == f"{name}_{digits}" else None

    async def _lease(self, tenant_id: TenantId, holder: UUID) -> bool:
        """Take the tenant's lease; false while another relay has it."""
        now = datetime.now(UTC)
        leases = await self._collection(tenant_id, OutboxLease)
        try:
            await leases.update_one(
                {"_id": "relay", "until": {"$lt": now}},
                {"$set": {"holder": holder, "until": now + _LEASE}},
                upsert=True,
            )
        except DuplicateKeyError:  # it is there, and has not run out
            return False
        return True

    async def _oldest(self, tenant_id: TenantId, limit: int) -> Sequence[OutboxEntry]:
        async with self._documents.read(_relay_of(tenant_id)) as documents:
            unpublished = documents.of(OutboxEntry).find({"published_at": None})
            return await unpublished.sort("+_id").limit(limit).to_list()

    async def _publish(self, tenant_id: TenantId, which: dict[str, Any], at: datetime | None) -> int:
        entries = await self._collection(tenant_id, OutboxEntry)
        return (await entries.update_many(which, {"$set": {"published_at": at}})).modified_count

    async def _collection(self, tenant_id: TenantId, model: type[Document]) -> Any:
        async with self._documents.read(_relay_of(tenant_id)) as documents:
            bound: Any = documents.of(model)
            return bound.get_pymongo_collection()


def _relay_of(tenant_id: TenantId) -> Caller:
    return service_caller(tenant_id, "relay")  # lint-skip: callers-from-tokens (it publishes each tenant's own events)
