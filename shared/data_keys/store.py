"""Statements about the data keys of the session's tenant, and about what they encrypt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from shared.data_keys.columns import ProtectedTable
from shared.database import TenantSession
from shared.tenancy.names import PLACEHOLDER_SCHEMA

FORMAT: Final = "1"


def data_keys_table(metadata: sa.MetaData) -> sa.Table:
    """The table of a tenant's data keys; the metadata of a subgraph that encrypts something holds one."""
    return sa.Table(
        "data_keys",
        metadata,
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wrapped", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("shredded_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(wrapped IS NULL) = (shredded_at IS NOT NULL)", name="ck_data_keys_shredded"),
    )


_keys = data_keys_table(sa.MetaData(schema=PLACEHOLDER_SCHEMA))


class DataKeyStore:
    """The wrapped keys."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def wrapped(self) -> Mapping[int, str | None]:
        """All of them by version, the oldest first; None is what was shredded."""
        rows = await self._session.execute(sa.select(_keys.c.version, _keys.c.wrapped).order_by(_keys.c.version))
        return {row.version: row.wrapped for row in rows}

    async def add(self, version: int, wrapped: str) -> None:
        """Unless another transaction was faster, whose key is as good."""
        added = insert(_keys).values(version=version, wrapped=wrapped).on_conflict_do_nothing()
        await self._session.execute(added)

    async def rewrap(self, version: int, before: str, after: str) -> None:
        changed = sa.update(_keys).where(_keys.c.version == version, _keys.c.wrapped == before)
        await self._session.execute(changed.values(wrapped=after))

    async def shred(self) -> int:
        """Forget every key; returns how many there were."""
        held = sa.update(_keys).where(_keys.c.wrapped.is_not(None))
        done = await self._session.execute(held.values(wrapped=None, shredded_at=sa.func.now()))
        return cast("sa.CursorResult[Any]", done).rowcount

    async def retire(self, *, before: datetime) -> int:
        """Drop the keys older than the newest, if that one was made before then; returns how many."""
        newest = sa.select(sa.func.max(_keys.c.version)).where(_keys.c.created_at < before).scalar_subquery()
        latest = sa.select(sa.func.max(_keys.c.version)).scalar_subquery()
        old = sa.delete(_keys).where(_keys.c.version < newest, newest == latest)
        return cast("sa.CursorResult[Any]", await self._session.execute(old)).rowcount


class ProtectedStore:
    """The rows of one table that has encrypted columns."""

    def __init__(self, session: TenantSession, protected: ProtectedTable) -> None:
        self._session = session
        self._protected = protected

    async def outdated(
        self, version: int, *, limit: int, most_bytes: int, after: Mapping[str, Any] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Keys of rows with a value that was encrypted by another key than `version`, in their order, behind `after`.

        Args:
            version: of the newest key.
            limit: of the rows.
            most_bytes: that their values take up together, unless the first one alone takes up more.
            after: the key of a row.
        """
        of = self._protected
        sizes = [sa.func.coalesce(sa.func.octet_length(sa.cast(each, sa.Text)), 0) for each in self._values]
        chosen = sa.select(*of.key, sum(sizes, sa.literal(0))).where(self._is_outdated(version)).limit(limit)
        if after is not None:
            chosen = chosen.where(sa.tuple_(*of.key) > sa.tuple_(*(after[column.name] for column in of.key)))
        keys, taken = list[Mapping[str, Any]](), 0
        for *key, size in await self._session.execute(chosen.order_by(*of.key)):
            taken += size
            if keys and taken > most_bytes:
                break
            keys.append({column.name: value for column, value in zip(of.key, key, strict=True)})
        return keys

    async def locked(self, version: int, keys: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Those of the rows that are still so, locked; what others have locked is left out."""
        of = self._protected
        named = sa.tuple_(*of.key).in_([tuple(key[column.name] for column in of.key) for key in keys])
        chosen = sa.select(*of.key, *self._values).where(named, self._is_outdated(version)).order_by(*of.key)
        rows = await self._session.execute(chosen.with_for_update(skip_locked=True))
        return [dict(row) for row in rows.mappings()]

    async def count_outdated(self, version: int) -> int:
        counted = sa.select(sa.func.count()).select_from(self._protected.table).where(self._is_outdated(version))
        return await self._session.scalar(counted) or 0

    async def replace(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        same = [column == row[column.name] for column in self._protected.key]
        await self._session.execute(sa.update(self._protected.table).where(*same).values(dict(values)))

    @property
    def _values(self) -> Sequence[sa.Column[Any]]:
        return (*self._protected.columns, *self._protected.plain.values())

    def _is_outdated(self, version: int) -> sa.ColumnElement[bool]:
        as_text = [sa.type_coerce(column, sa.Text) for column in self._protected.columns]
        in_the_clear = [column != sa.literal({}, JSONB) for column in self._protected.plain.values()]
        return sa.or_(*(column.not_like(f"{FORMAT}.{version}.%") for column in as_text), *in_the_clear)
