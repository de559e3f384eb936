"""What the content subgraph does when lessons are revised: it indexes them.

Its own process consumes this, not the worker, because the embedded search index has one owner.
"""

from uuid import UUID

import msgspec

from shared.database import TenantSession
from shared.events import Handler, Handlers
from subgraphs.content.service.indexing import Indexer


class LessonRevised(msgspec.Struct, frozen=True):
    lesson_id: UUID


def handlers(indexer: Indexer) -> Handlers:
    """The handlers that keep `indexer`'s indexes up to date; both are safe to write twice."""

    async def index(session: TenantSession, event: LessonRevised) -> None:
        await indexer.index(session.caller, [event.lesson_id])

    return {"content.lesson-revised.v1": Handler(LessonRevised, index)}
