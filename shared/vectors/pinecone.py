"""Similarity search in Pinecone: one index, a namespace per tenant."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import SecretStr

from shared.caller import Caller
from shared.errors import Unavailable
from shared.tls import without_authorities
from shared.vectors.port import Neighbour, Vector

if TYPE_CHECKING:
    from pinecone import AsyncIndex

_BATCH = 100
_TIMEOUT_S = 10.0


class PineconeVectors:
    """The vector port on a Pinecone index of the cosine metric.

    Args:
        host: the index's own URL, see `shared.tls` for whom it trusts; the control plane is never asked.
        api_key: the project's key.

    Raises:
        ValueError: the file of authorities that the URL names is not there.
    """

    def __init__(self, host: SecretStr, *, api_key: SecretStr) -> None:
        self._host, self._authorities = without_authorities(host.get_secret_value())
        if self._authorities is not None and not Path(self._authorities).is_file():
            raise ValueError("the file of authorities for the vector engine is not there")
        self._api_key = api_key
        self._opening = asyncio.Lock()
        self._opened: AsyncIndex | None = None

    async def upsert(self, caller: Caller, vectors: Mapping[UUID, Vector], *, released: Collection[UUID] = ()) -> None:
        """Write the vectors, a batch at a time."""
        entries = [(str(id_), list(vector), {"released": id_ in released}) for id_, vector in vectors.items()]
        async with self._answering() as index:
            for start in range(0, len(entries), _BATCH):
                batch = entries[start : start + _BATCH]
                await index.upsert(vectors=batch, namespace=_namespace(caller), timeout=_TIMEOUT_S)

    async def query(self, caller: Caller, vector: Vector, *, limit: int, released_only: bool) -> Sequence[Neighbour]:
        """Ask for the nearest in the tenant's namespace."""
        async with self._answering() as index:
            found = await index.query(
                vector=vector,
                top_k=limit,
                filter={"released": {"$eq": True}} if released_only else None,
                namespace=_namespace(caller),
                timeout=_TIMEOUT_S,
            )
        return [Neighbour(id=UUID(match.id), similarity=match.score) for match in found.matches]

    async def delete(self, caller: Caller, ids: Sequence[UUID]) -> None:
        """Delete the vectors; a namespace that holds none yet is not there at all."""
        from pinecone.errors import NotFoundError

        if not ids:
            return
        async with self._answering() as index:
            with suppress(NotFoundError):
                await index.delete(ids=[str(id_) for id_ in ids], namespace=_namespace(caller), timeout=_TIMEOUT_S)

    async def ping(self) -> None:
        """Ask the index for its statistics."""
        async with self._answering() as index:
            await index.describe_index_stats(timeout=_TIMEOUT_S)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            index, self._opened = self._opened, None
            await index.close()

    @asynccontextmanager
    async def _answering(self) -> AsyncGenerator["AsyncIndex"]:
        """Lend the index; its refusals and silences are said in the platform's words."""
        from pinecone.errors import PineconeError

        try:
            yield await self._index()
        except PineconeError as error:
            raise Unavailable("The vector engine does not answer") from error

    async def _index(self) -> "AsyncIndex":
        """Open the index once; importing its client takes a while, and only who uses it should wait."""
        from pinecone import AsyncPinecone

        async with self._opening:
            if self._opened is None:
                key = self._api_key.get_secret_value()
                client = AsyncPinecone(api_key=key, host=self._host, ssl_ca_certs=self._authorities)
                self._opened = await client.index(host=self._host)
            return self._opened


def _namespace(caller: Caller) -> str:
    return caller.tenant_id.hex
