"""Similarity search in PostgreSQL: the vectors are rows of the tenant's own schema."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from pgvector.sqlalchemy import Vector as VectorType
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from shared.caller import Caller
from shared.database import Base, Sessions, subgraph_metadata, unit_of_work
from shared.vectors.port import DIMENSIONS, Neighbour, Vector

_CANDIDATES = 40
"""How many rows the index looks at unless told otherwise, and so the most it gives."""


class EmbeddingRow(Base):
    """A vector, under the id of what it describes."""

    __tablename__ = "embedding"
    __table_args__ = (
        sa.Index(
            "ix_embedding_vector", "vector", postgresql_using="hnsw", postgresql_ops={"vector": "vector_cosine_ops"}
        ),
    )
    metadata = subgraph_metadata()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    vector: Mapped[Vector] = mapped_column(VectorType(DIMENSIONS))
    released: Mapped[bool]


def embedding_table(metadata: sa.MetaData) -> sa.Table:
    """Declare the table in a subgraph's own metadata, which its migrations are compared with."""
    return EmbeddingRow.metadata.tables["tenant.embedding"].to_metadata(metadata)


class PgVectors:
    """The vector port on pgvector. The sessions belong to who gave them, and are not closed here."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def upsert(self, caller: Caller, vectors: Mapping[UUID, Vector], *, released: Collection[UUID] = ()) -> None:
        """Write the vectors in one transaction; in the order of their ids, so that two writers cannot deadlock."""
        if not vectors:
            return
        rows = [{"id": id_, "vector": vectors[id_], "released": id_ in released} for id_ in sorted(vectors)]
        written = insert(EmbeddingRow).values(rows)
        replaced = {"vector": written.excluded.vector, "released": written.excluded.released}
        written = written.on_conflict_do_update(index_elements=["id"], set_=replaced)
        async with unit_of_work(self._sessions, caller) as session:
            await session.execute(written)

    async def query(self, caller: Caller, vector: Vector, *, limit: int, released_only: bool) -> Sequence[Neighbour]:
        """Read the nearest rows through the HNSW index, which goes on looking where too many are passed over."""
        distance = _cosine_distance(vector)
        nearest = sa.select(EmbeddingRow.id, distance).order_by(distance).limit(limit)
        if released_only:
            nearest = nearest.where(EmbeddingRow.released)
        async with self._sessions.read(caller) as session:
            await session.execute(sa.select(sa.func.set_config("hnsw.iterative_scan", "strict_order", sa.true())))
            if limit > _CANDIDATES:
                await session.execute(sa.select(sa.func.set_config("hnsw.ef_search", str(limit), sa.true())))
            found = await session.execute(nearest)
            return [Neighbour(id=id_, similarity=1 - apart) for id_, apart in found]

    async def delete(self, caller: Caller, ids: Sequence[UUID]) -> None:
        """Delete the rows."""
        async with unit_of_work(self._sessions, caller) as session:
            await session.execute(sa.delete(EmbeddingRow).where(EmbeddingRow.id.in_(ids)))

    async def ping(self) -> None:
        """Ask the server for an answer."""
        async with self._sessions.engine.connect() as connection:
            await connection.execute(sa.select(1))

    async def aclose(self) -> None:
        """Nothing here is ours to close."""


def _cosine_distance(vector: Vector) -> sa.ColumnElement[float]:
    """From 0 for the same direction to 2 for the opposite one."""
    distance = EmbeddingRow.vector.op("<=>", return_type=sa.Float())(sa.literal(vector, VectorType(DIMENSIONS)))
    return cast("sa.ColumnElement[float]", distance)
