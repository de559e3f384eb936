"""The outbox among documents, as the relay uses it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec
import pytest
from pydantic import SecretStr

from shared.caller import TenantId, service_caller
from shared.documents import Documents, TenantDocuments, documents_unit_of_work
from shared.events import Event
from shared.events.documents import OUTBOX_MODELS, DocumentSource, OutboxEntry, record_document
from shared.ids import uuid7
from tests.patience import PATIENCE_SECONDS
from tests.servers import Servers


class NoteWritten(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "sender.note-written.v1"

    note: str


class Desk:
    """A subgraph with two tenants who write notes."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.tenants = [TenantId(uuid7()), TenantId(uuid7())]
        self.source = DocumentSource(documents, self.known)

    async def known(self) -> list[TenantId]:
        return self.tenants

    async def write(self, *notes: str, tenant: int = 0, fail: bool = False) -> None:
        """Record notes in one transaction."""
        tenant_id = self.tenants[tenant]

        async def work(documents: TenantDocuments) -> None:
            for note in notes:
                await record_document(documents, NoteWritten(tenant_id=tenant_id, note=note))
            if fail:
                raise ZeroDivisionError

        await documents_unit_of_work(self.documents, service_caller(tenant_id, "test"), work)

    async def publish(self, limit: int = 10, tenant: int = 0) -> list[str]:
        """Publish what is waiting, as a relay does."""
        async with self.source.batch(self.tenants[tenant], limit) as events:
            return [msgspec.json.decode(event.payload)["note"] for event in events]


@pytest.fixture
async def desk(servers: Servers) -> AsyncGenerator[Desk]:
    """A desk on which nothing lies."""
    documents = Documents.create(SecretStr(servers.mongo), subgraph="sender", models=OUTBOX_MODELS)
    desk = Desk(documents)
    for tenant_id in desk.tenants:
        await documents.provision(tenant_id)
    yield desk
    await documents.aclose()


class TestDocumentSource:
    async def test_events_are_lent_in_order_and_once(self, desk: Desk) -> None:
        await desk.write("one", "two")
        await desk.write("three")
        assert await desk.publish(limit=2) == ["one", "two"]
        assert await desk.publish() == ["three"]
        assert await desk.publish() == []

    async def test_an_event_is_lent_as_it_was_recorded(self, desk: Desk) -> None:
        await desk.write("one")
        async with desk.source.batch(desk.tenants[0], 1) as (event,):
            assert (event.tenant_id, event.topic) == (desk.tenants[0], "sender.note-written.v1")
            assert msgspec.json.decode(event.payload, type=NoteWritten).event_id == event.event_id

    async def test_what_is_rolled_back_was_never_recorded(self, desk: Desk) -> None:
        with pytest.raises(ZeroDivisionError):
            await desk.write("one", fail=True)
        assert await desk.publish() == []

    async def test_a_failed_batch_is_lent_again(self, desk: Desk) -> None:
        async def fail() -> None:
            async with desk.source.batch(desk.tenants[0], 10):
                raise ConnectionResetError

        await desk.write("one")
        with pytest.raises(ConnectionResetError):
            await fail()
        assert await desk.publish() == ["one"]

    async def test_while_events_are_lent_nobody_else_gets_any(self, desk: Desk) -> None:
        await desk.write("one", "two")
        async with desk.source.batch(desk.tenants[0], 1):
            assert await desk.publish() == []
        assert await desk.publish() == ["two"]

    async def test_tenants_do_not_wait_for_each_other(self, desk: Desk) -> None:
        await desk.write("one")
        await desk.write("theirs", tenant=1)
        async with desk.source.batch(desk.tenants[0], 1):
            assert await desk.publish(tenant=1) == ["theirs"]

    async def test_another_tenants_event_is_refused(self, desk: Desk) -> None:
        async with desk.documents.read(service_caller(desk.tenants[0], "test")) as documents:
            with pytest.raises(ValueError, match="event of tenant"):
                await record_document(documents, NoteWritten(tenant_id=desk.tenants[1], note="one"))

    async def test_a_growing_outbox_wakes_the_relay(self, desk: Desk) -> None:
        wakes = desk.source.wakes()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await anext(wakes) is None
            of_another_subgraph = desk.documents.client[f"studium_another_{desk.tenants[0].hex}"]
            await of_another_subgraph[OutboxEntry.Settings.name].insert_one({})
            await desk.write("one", tenant=1)
            assert await anext(wakes) == desk.tenants[1]
        await wakes.aclose()

    async def test_a_quiet_outbox_is_watched_for_longer_than_any_request_may_take(self, desk: Desk) -> None:
        wakes = desk.source.wakes()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await anext(wakes) is None
            woken = asyncio.create_task(anext(wakes))
            assert not (await asyncio.wait({woken}, timeout=5.5))[0]
            await desk.write("one")
            assert await woken == desk.tenants[0]
        await wakes.aclose()

    async def test_replaying_publishes_again_and_pruning_forgets(self, desk: Desk) -> None:
        tenant_id, now = desk.tenants[0], datetime.now(UTC)
        await desk.write("one")
        await desk.publish()
        assert await desk.source.replay(tenant_id, now - timedelta(minutes=1)) == 1
        assert await desk.publish() == ["one"]
        assert await desk.source.prune(tenant_id, now - timedelta(minutes=1)) == 0
        assert await desk.source.prune(tenant_id, now + timedelta(minutes=1)) == 1
        assert await desk.source.replay(tenant_id, now - timedelta(minutes=1)) == 0
