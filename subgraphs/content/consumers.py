"""What the content subgraph does when lessons are revised or courses published: it indexes and releases lessons.

Its own process consumes this, not the worker, because the embedded search index has one owner.
"""

from uuid import UUID

import msgspec

from shared.database import TenantSession
from shared.documents import Documents
from shared.events import Handler, Handlers
from subgraphs.content.service.indexing import Indexer
from subgraphs.content.service.releasing import release


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

    return {
        "content.lesson-revised.v1": Handler(LessonRevised, index),
        "courses.course-published.v1": Handler(ItemsPublished, publish),
        "courses.module-changed.v1": Handler(ItemsPublished, publish),
    }
