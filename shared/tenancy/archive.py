"""Everything that a subgraph keeps of a tenant, as files of JSON lines in one ZIP archive.

Tables are found by the subgraph's own metadata, so that one that is added later is not forgotten. An archive is made in
pieces as it is asked for: neither it nor a table has to fit into memory.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import sqlalchemy as sa

from shared.caller import Caller
from shared.data_keys import DataKeys, DataShredded, KeyRing, ProtectedText
from shared.data_keys.columns import ProtectedTable, protected_tables
from shared.data_keys.personal import opened_object
from shared.database import Sessions
from shared.documents import Documents

MANIFEST: Final = "manifest.json"
PIECE_BYTES: Final = 256 * 1024
_ROWS_AT_ONCE: Final = 500
_LEFT_OUT: Final = frozenset(
    {"outbox", "outbox_lease", "inbox", "idempotency", "data_keys", "embedding", "storage", "tenant_export_pieces"}
)
"""Tables that tell nothing of a tenant: the platform's plumbing, keys, what is computed anew, and earlier archives."""
_SECRETS: Final = "sealed"
"""How the names of columns begin that hold what lets somebody in: nobody is to sign in with an archive."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file of an archive."""

    name: str
    """``users/groups.jsonl``."""
    rows: AsyncGenerator[Sequence[Mapping[str, Any]]]
    """Some at a time."""
    left_out: Sequence[str] = ()
    """Columns that are not told."""


async def table_files(
    sessions: Sessions, caller: Caller, metadata: sa.MetaData, keys: DataKeys
) -> AsyncGenerator[ArchivedFile]:
    """The tables of one subgraph, all as they are at one moment. What is encrypted as personal is told in the clear.

    Each file is to be read before the next one is asked for.

    Args:
        sessions: of the subgraph.
        caller: of the tenant.
        metadata: the subgraph's tables.
        keys: that opens what is personal in them.
    """
    personal = {each.table: each for each in protected_tables(metadata) if each.plain}
    async with sessions.read(caller) as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for table in metadata.sorted_tables:
            if table.name in _LEFT_OUT:
                continue
            told = [column for column in table.columns if not _is_secret(column)]
            opened = _Opened(await keys.of(session), personal[table]) if table in personal else None
            chosen = [*told, *(opened.columns if opened else ())]
            ordered = sa.select(*chosen).order_by(*table.primary_key.columns)
            found = await session.stream(ordered.execution_options(yield_per=_ROWS_AT_ONCE))
            left_out = [column.name for column in table.columns if column not in chosen]
            yield ArchivedFile(f"{sessions.subgraph}/{table.name}.jsonl", _mappings(found, opened), left_out)


async def document_files(documents: Documents, caller: Caller) -> AsyncGenerator[ArchivedFile]:
    """The collections of one subgraph."""
    async with documents.read(caller) as own:
        for model in documents.models:
            bound: Any = own.of(model)
            if (name := bound.get_collection_name()) not in _LEFT_OUT:
                found = bound.get_pymongo_collection().find().sort("_id")
                yield ArchivedFile(f"{documents.subgraph}/{name}.jsonl", _documents(found))


async def archived(sources: Iterable[AsyncGenerator[ArchivedFile]], about: Mapping[str, Any]) -> AsyncGenerator[bytes]:
    """The archive of all files, in pieces of a size; the last one is smaller, and has what was counted.

    Args:
        sources: the files, by subgraph.
        about: the tenant, as the manifest tells it.
    """
    sink, files = _Sink(), dict[str, _Counted]()
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
        for source in sources:
            async with aclosing(source):
                async for file in source:
                    files[file.name] = _Counted(file.left_out)
                    async for _ in _written(archive, file, files[file.name]):
                        for piece in sink.full_pieces():
                            yield piece
        archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode({**about, "files": files}), indent=2))
    for piece in sink.full_pieces():
        yield piece
    yield sink.rest()


class _Counted(msgspec.Struct, rename="camel"):
    """What the manifest tells of a file."""

    left_out: Sequence[str]
    rows: int = 0


async def _written(archive: ZipFile, file: ArchivedFile, counted: _Counted) -> AsyncGenerator[None]:
    """Write a file, some rows at a time; they are compressed beside the event loop."""
    with archive.open(file.name, "w", force_zip64=True) as member:
        async with aclosing(file.rows):
            async for rows in file.rows:
                counted.rows += len(rows)
                await asyncio.to_thread(_write, member, rows)
                yield


def _write(member: IO[bytes], rows: Iterable[Mapping[str, Any]]) -> None:
    member.write(b"".join(msgspec.json.encode(row, enc_hook=str) + b"\n" for row in rows))


class _Sink:
    """What a ZIP file is written to, and taken from again in pieces."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""

    def full_pieces(self) -> Iterable[bytes]:
        while len(self._held) >= PIECE_BYTES:
            piece, self._held = bytes(self._held[:PIECE_BYTES]), self._held[PIECE_BYTES:]
            yield piece

    def rest(self) -> bytes:
        return bytes(self._held)


def _is_secret(column: sa.Column[Any]) -> bool:
    """Digests and keys, and what is encrypted: it would be noise, or would let its reader in."""
    binary = isinstance(column.type, sa.LargeBinary | ProtectedText)
    return binary or column.name.startswith(_SECRETS)


@dataclass(frozen=True, slots=True)
class _Opened:
    """Tells what is personal in the rows of a table under the names that it had in the clear."""

    ring: KeyRing
    protected: ProtectedTable

    @property
    def columns(self) -> Sequence[sa.Column[Any]]:
        return [column for column in self.protected.columns if column.name in self.protected.plain]

    def row(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        told, id_ = dict(row), self.protected.row(row)
        for column in self.columns:
            plain, sealed = self.protected.plain[column.name].name, told.pop(column.name)
            with suppress(DataShredded):  # then there is nothing of it any more
                told[plain] = opened_object(self.ring, column, id_, sealed, told[plain])
        return told


async def _mappings(found: Any, opened: _Opened | None) -> AsyncGenerator[Sequence[Mapping[str, Any]]]:
    async for rows in found.mappings().partitions():
        yield [dict(row) if opened is None else opened.row(row) for row in rows]


async def _documents(found: AsyncIterator[Mapping[str, Any]]) -> AsyncGenerator[Sequence[Mapping[str, Any]]]:
    rows: list[Mapping[str, Any]] = []
    async for row in found:
        rows.append(row)
        if len(rows) == _ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows
