"""Search inside this process, on files."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import UUID

from tantivy import Index, IndexWriter, Query, Searcher

from shared.caller import Caller, TenantId
from shared.errors import Unavailable
from shared.search import analysis
from shared.search.folder import IndexFolder
from shared.search.port import Batches, SearchDocument, SearchHit

_WRITER_HEAP_BYTES = 15_000_000


class TantivySearch:
    """The search port on tantivy, for one process that owns `folder`.

    A writer lives for one batch: it would hold threads and memory, and tenants are many.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = IndexFolder(folder)
        self._schema = analysis.schema()
        self._words = analysis.analyzer()
        self._writing: defaultdict[TenantId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def is_built(self, caller: Caller) -> bool:
        """Tell whether the tenant's index can be opened."""
        return await asyncio.to_thread(self._folder.get, caller.tenant_id) is not None

    async def rebuild(self, caller: Caller, batches: Batches) -> None:
        """Build a new index beside the old one, and let it take its place once it is whole."""
        async with self._writing[caller.tenant_id]:
            path, index = await asyncio.to_thread(self._folder.create, caller.tenant_id)
            try:
                async for batch in batches:
                    await asyncio.to_thread(self._write, index, batch)
                await asyncio.to_thread(self._folder.replace, caller.tenant_id, path)
            finally:
                await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    async def index(self, caller: Caller, documents: Sequence[SearchDocument]) -> None:
        """Write the documents in one commit."""
        async with self._writing[caller.tenant_id]:
            await asyncio.to_thread(lambda: self._write(self._built(caller.tenant_id), documents))

    async def delete(self, caller: Caller, ids: Sequence[UUID]) -> None:
        """Delete the documents in one commit."""
        async with self._writing[caller.tenant_id]:
            await asyncio.to_thread(lambda: self._delete(self._built(caller.tenant_id), ids))

    async def search(self, caller: Caller, text: str, *, limit: int, released_only: bool) -> Sequence[SearchHit]:
        """Search; an index found broken on the way is thrown away, to be rebuilt."""
        try:
            return await asyncio.to_thread(self._search, caller.tenant_id, text, limit, released_only=released_only)
        except (ValueError, OSError) as error:
            await asyncio.to_thread(self._folder.discard, caller.tenant_id)
            raise Unavailable("The search index has to be rebuilt") from error

    async def ping(self) -> None:
        """Make sure that the folder is this process's own."""
        await asyncio.to_thread(self._folder.own)

    async def aclose(self) -> None:
        """Give the folder back."""
        await asyncio.to_thread(self._folder.close)

    def _built(self, tenant_id: TenantId) -> Index:
        index = self._folder.get(tenant_id)
        if index is None:
            raise Unavailable("The search index is not built")
        return index

    def _write(self, index: Index, documents: Sequence[SearchDocument]) -> None:
        newest = {document.id: document for document in sorted(documents, key=lambda document: document.version)}
        searcher = index.searcher()
        fresh = [document for document in newest.values() if self._version(searcher, document.id) <= document.version]
        with index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1) as writer:  # commits at the end
            _forget(writer, (document.id for document in fresh))
            for document in fresh:
                writer.add_document(analysis.entry(document))
        index.reload()

    def _delete(self, index: Index, ids: Sequence[UUID]) -> None:
        with index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1) as writer:
            _forget(writer, ids)
        index.reload()

    def _version(self, searcher: Searcher, id_: UUID) -> int:
        for _, address in searcher.search(Query.term_query(self._schema, "id", str(id_)), 1, count=False).hits:
            return int(searcher.doc(address)["version"][0])
        return 0

    def _search(self, tenant_id: TenantId, text: str, limit: int, *, released_only: bool) -> Sequence[SearchHit]:
        searcher = self._built(tenant_id).searcher()
        query = analysis.WordQuery(self._schema, self._words.analyze(text))
        matching = query.matching(released_only=released_only)
        hits: list[SearchHit] = []
        for score, address in searcher.search(matching, limit, count=False).hits:
            document = searcher.doc(address)
            id_ = UUID(document["id"][0])
            hits.append(SearchHit(id=id_, score=score, snippet=query.snippet(searcher, document)))
        return hits


def _forget(writer: IndexWriter, ids: Iterable[UUID]) -> None:
    for id_ in ids:
        writer.delete_documents_by_term("id", str(id_))
