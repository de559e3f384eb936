"""What the content subgraph does when lessons are revised or courses published: it indexes and releases lessons.

Its own process consumes this, not the worker, because the embedded search index has one owner.
"""

from uuid import UUID

import msgspec

from shared import personal_data
from shared.caller import Caller
from shared.database import TenantSession
from shared.documents import Documents, TenantDocuments, documents_unit_of_work
from shared.events import Handler, Handlers
from shared.events.documents import record_document
from shared.personal_data import DataRequested
from subgraphs.content.events import PersonalDataErased, PersonalDataExported
from subgraphs.content.service.indexing import Indexer
from subgraphs.content.service.releasing import release
from subgraphs.content.store import ClaimStore


class LessonRevised(msgspec.Struct, frozen=True):
    lesson_id: UUID


class ItemsPublished(msgspec.Struct, frozen=True):
    """Items stand in a published course; whoever has told it before it could name them has released none."""

    item_ids: tuple[UUID, ...] = ()


def handlers(documents: Documents, indexer: Indexer) -> Handlers:
    """The handlers that keep what is released, and `indexer`'s indexes, up to date; all are safe to run twice."""

    async def index(session: TenantSession, event: LessonRevised) -> None:
        await indexer.index(session.caller, [event.lesson_id])

    async def publish(session: TenantSession, event: ItemsPublished) -> None:
        await release(documents, session.caller, event.item_ids)
        await indexer.index(session.caller, event.item_ids)

    async def export(session: TenantSession, event: DataRequested) -> None:
        await _export(documents, session.caller, event)

    async def erase(session: TenantSession, event: DataRequested) -> None:
        await _erase(documents, session.caller, event)

    return {
        "content.lesson-revised.v1": Handler(LessonRevised, index),
        "courses.course-published.v1": Handler(ItemsPublished, publish),
        "courses.module-changed.v1": Handler(ItemsPublished, publish),
        personal_data.EXPORT_REQUESTED: Handler(DataRequested, export),
        personal_data.USER_ERASED: Handler(DataRequested, erase),
        personal_data.USERS_MERGED: Handler(DataRequested, erase),
    }


async def _export(documents: Documents, caller: Caller, event: DataRequested) -> None:
    """Lessons name nobody: what is said of a person is that nothing is held of them."""

    async def tell(tenant: TenantDocuments) -> None:
        for part in personal_data.exported_parts(PersonalDataExported, event, []):
            await record_document(tenant, part)

    await documents_unit_of_work(documents, caller, tell)


async def _erase(documents: Documents, caller: Caller, event: DataRequested) -> None:
    """Forget the idempotency keys that the person has used: nothing else here knows of people."""

    async def forget(tenant: TenantDocuments) -> None:
        rows = await ClaimStore(tenant).forget_of(event.user_id)
        erased = PersonalDataErased(
            tenant_id=event.tenant_id, request_id=event.request_id, user_id=event.user_id, rows=rows
        )
        await record_document(tenant, erased)

    await documents_unit_of_work(documents, caller, forget)
