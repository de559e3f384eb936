"""Keeping lessons findable: what they say goes to the search index, what they mean to the vector index."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from typing import Final
from uuid import UUID

import structlog

from shared.caller import Caller, TenantId
from shared.documents import Documents, TenantDocuments
from shared.search.port import SearchDocument, SearchIndex
from shared.vectors.embeddings import Embedder
from shared.vectors.port import VectorIndex
from subgraphs.content.models import Block, CodeBlock, Lesson, TextBlock, VideoBlock
from subgraphs.content.store import LessonStore, ReleaseStore

_MARKUP: Final = re.compile(
    r"^ {0,3}(?:#{1,6}[ \t]+|(?:>[ \t]?)+|(?:```|~~~).*$)"  # what begins a line
    r"|\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|~~|`+"  # what stands around words
    r"|!?\[|\]\([^)]*\)",  # links and images
    re.MULTILINE,
)
_log = structlog.get_logger("studium.content")


class Indexer:
    """Writes both indexes from the documents, which are always read anew: events only say that there is a reason to."""

    def __init__(self, documents: Documents, *, search: SearchIndex, vectors: VectorIndex, embedder: Embedder) -> None:
        self._documents = documents
        self.search = search
        self.vectors = vectors
        self.embedder = embedder
        self._building: defaultdict[TenantId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ensure_built(self, caller: Caller) -> None:
        """Build the tenant's indexes from its documents if they are missing or broken; once, whoever asks."""
        if await self.search.is_built(caller):
            return
        async with self._building[caller.tenant_id]:
            if not await self.search.is_built(caller):
                await self.search.rebuild(caller, self._everything(caller))
                _log.info("content.index_built", tenant=str(caller.tenant_id))

    async def index(self, caller: Caller, lesson_ids: Sequence[UUID]) -> None:
        """Write the lessons as they are now; those that are gone are forgotten."""
        await self.ensure_built(caller)
        async with self._documents.read(caller) as documents:
            found = await LessonStore(documents).by_ids(lesson_ids)
            entries = await _entries(documents, list(found.values()))
        gone = [lesson_id for lesson_id in lesson_ids if lesson_id not in found]
        await self.search.index(caller, await self._embedded(caller, entries))
        if gone:
            await self.search.delete(caller, gone)
            await self.vectors.delete(caller, gone)

    async def _everything(self, caller: Caller) -> AsyncGenerator[Sequence[SearchDocument]]:
        async with self._documents.read(caller) as documents:
            async for lessons in LessonStore(documents).all():
                yield await self._embedded(caller, await _entries(documents, lessons))

    async def _embedded(self, caller: Caller, entries: Sequence[SearchDocument]) -> Sequence[SearchDocument]:
        """Write the entries' vectors."""
        vectors = await self.embedder.embed([f"{entry.title}. {entry.body}" for entry in entries])
        await self.vectors.upsert(
            caller,
            {entry.id: vector for entry, vector in zip(entries, vectors, strict=True) if any(vector)},
            released=[entry.id for entry in entries if entry.released],
        )
        return entries


async def _entries(documents: TenantDocuments, lessons: Sequence[Lesson]) -> Sequence[SearchDocument]:
    released = await ReleaseStore(documents).among(lesson.id for lesson in lessons)
    return await asyncio.to_thread(lambda: [_entry(lesson, released=lesson.id in released) for lesson in lessons])


def _entry(lesson: Lesson, *, released: bool) -> SearchDocument:
    """What the search index holds of a lesson; its release makes a version of its own, after the revision's first."""
    body = "\n".join(filter(None, (_plain(block) for block in lesson.blocks)))
    version = 2 * lesson.revision + released
    return SearchDocument(id=lesson.id, version=version, title=lesson.title, body=body, released=released)


def _plain(block: Block) -> str:
    """What a block says, without markup."""
    match block:
        case TextBlock():
            return _MARKUP.sub("", block.markdown)
        case VideoBlock():
            return block.caption
        case CodeBlock():
            return block.source
