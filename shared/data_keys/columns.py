"""Columns whose values are encrypted, and what such a value is outside of the database: still encrypted.

It is opened where it is needed, by `KeyRing.open`; so what is loaded, logged or put into an error is never plain text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator


@dataclass(frozen=True, slots=True)
class Protected:
    """An encrypted value, as the database has it: ``1.<version of the data key>.<Base64>``."""

    sealed: str = field(repr=False)


class ProtectedText(TypeDecorator[Protected]):
    """A text that is encrypted by a tenant's data key. It takes nothing else: to forget to encrypt is an error."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, *, earlier: str | None = None, plain: str | None = None) -> None:
        """Declare the column.

        Args:
            earlier: the purpose for which `shared.crypto.Sealer` has sealed values of it, for the row's primary key,
                before there were data keys, or while they travel. They open as well until they are encrypted anew.
            plain: the column of JSON objects, of the same table, in which the values were before they were encrypted.
                What it has is read as well until it is encrypted; see `shared.data_keys.personal`. Such values are
                what a tenant knows of people, and theirs to be told; all others are what lets somebody in.
        """
        super().__init__()
        self.earlier = earlier
        self.plain = plain

    def process_bind_param(self, value: Protected | None, dialect: Dialect) -> str | None:
        if value is not None and not isinstance(value, Protected):  # pyright: ignore[reportUnnecessaryIsInstance] - what the type says, kept
            raise TypeError("seal the value with the tenant's key ring")
        return None if value is None else value.sealed

    def process_result_value(self, value: str | None, dialect: Dialect) -> Protected | None:
        return None if value is None else Protected(value)


def row_id(key: object) -> str:
    """A primary key as text."""
    return key.hex() if isinstance(key, bytes) else str(key)


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """A table with such columns."""

    table: sa.Table
    columns: Sequence[sa.Column[Any]]

    @property
    def key(self) -> Sequence[sa.Column[Any]]:
        return tuple(self.table.primary_key.columns)

    @property
    def plain(self) -> Mapping[str, sa.Column[Any]]:
        """By the names of the encrypted columns, those that their values were in before."""
        named = {column.name: plain_of(column) for column in self.columns}
        return {name: plain for name, plain in named.items() if plain is not None}

    def row(self, values: Mapping[str, Any]) -> str:
        """What tells a row from others: the associated data of what is encrypted in it."""
        return "/".join(row_id(values[column.name]) for column in self.key)


def plain_of(column: sa.Column[Any]) -> sa.Column[Any] | None:
    """The column that the values of an encrypted one were in before; None if they were in none."""
    name = column.type.plain if isinstance(column.type, ProtectedText) else None
    return None if name is None else column.table.columns[name]


def protected_tables(metadata: sa.MetaData) -> list[ProtectedTable]:
    """Every table of a subgraph that has encrypted columns."""
    found = [
        ProtectedTable(table, [column for column in table.columns if isinstance(column.type, ProtectedText)])
        for table in metadata.sorted_tables
    ]
    return [each for each in found if each.columns]
