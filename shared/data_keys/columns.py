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

    def __init__(self, *, earlier: str | None = None) -> None:
        """Declare the column.

        Args:
            earlier: the purpose for which `shared.crypto.Sealer` has sealed values of it, for the row's primary key,
                before there were data keys, or while they travel. They open as well until they are encrypted anew.
        """
        super().__init__()
        self.earlier = earlier

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

    def row(self, values: Mapping[str, Any]) -> str:
        """What tells a row from others: the associated data of what is encrypted in it."""
        return "/".join(row_id(values[column.name]) for column in self.key)


def protected_tables(metadata: sa.MetaData) -> list[ProtectedTable]:
    """Every table of a subgraph that has encrypted columns."""
    found = [
        ProtectedTable(table, [column for column in table.columns if isinstance(column.type, ProtectedText)])
        for table in metadata.sorted_tables
    ]
    return [each for each in found if each.columns]
