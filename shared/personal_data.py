"""What a subgraph holds of one person: found in its tables, told to the person, and erased.

The users subgraph asks by events (GDPR, articles 15, 17 and 20); each subgraph answers with events of its own, from
which is seen who has answered. What belongs to a person is found by the tables' own shape, so that a table added later
is not forgotten: it has a column `user_id`, or it refers to such a table by a foreign key.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast
from uuid import UUID

import msgspec
import sqlalchemy as sa

from shared.database import TenantSession
from shared.events import Event, Handler, Handlers, record
from shared.events.outbox import OutboxRow

EXPORT_REQUESTED: Final = "users.data-export-requested.v1"
USER_ERASED: Final = "users.user-erased.v1"
ROWS_A_PART: Final = 200
_NOTHING: Final[Mapping[str, str]] = {}
_PERSON: Final = "user_id"
_PLUMBING: Final = frozenset({"outbox", "inbox", "idempotency"})
"""Tables that tell nothing of a person but that something was done."""
_SECRET: Final = ("hash", "sealed", "secret", "fingerprint", "token", "code", "challenge", "public_key")
"""Parts of the names of columns that are not told even to their owner: who reads an export could sign in with them."""


class DataRequested(msgspec.Struct, frozen=True):
    """A subgraph's view of both requests."""

    tenant_id: UUID
    request_id: UUID
    user_id: UUID


class PersonalDataExported(Event, frozen=True, kw_only=True):
    """One part of what a subgraph holds of a person; a subgraph's own class names the topic."""

    topic: ClassVar[str]

    request_id: UUID
    user_id: UUID
    part: int
    """From 0."""
    parts: int
    """How many there are; at least one, which may have no rows."""
    rows: list[dict[str, Any]]
    """Each with its table's name as `table` and its columns as `data`."""


class PersonalDataErased(Event, frozen=True, kw_only=True):
    """A subgraph holds nothing of a person any more; a subgraph's own class names the topic."""

    topic: ClassVar[str]

    request_id: UUID
    user_id: UUID
    rows: int
    """How many were erased, or lost their person."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """The tables of a subgraph that hold something of a person, those that refer to others after them.

    Attributes:
        person: by table, the predicate that chooses a person's rows.
        detached: columns that lose the person while the row stays, since the tenant's numbers depend on it.
    """

    person: Mapping[sa.Table, "_Chooses"]
    detached: Mapping[sa.Table, sa.Column[Any]]

    @classmethod
    def of(cls, metadata: sa.MetaData, *, detached: Mapping[str, str] = _NOTHING) -> "Holdings":
        """Those among the tables of `metadata`.

        Args:
            metadata: the subgraph's tables.
            detached: by the name of a table, the column that loses the person while the row stays.
        """
        columns = {
            table: table.columns[detached[table.name]] for table in metadata.sorted_tables if table.name in detached
        }
        person: dict[sa.Table, _Chooses] = {}
        for table in metadata.sorted_tables:
            own = columns.get(table, table.columns.get(_PERSON))
            through = [
                key for key in table.foreign_keys if key.column.table in person and key.column.table is not table
            ]
            if own is not None or through:
                person[table] = _Chooses(own, tuple(through))
        return cls(person, columns)

    async def export(self, session: TenantSession, user_id: UUID) -> AsyncGenerator[dict[str, Any]]:
        """The person's rows, without secrets, in the order of tables."""
        for table in self.person:
            if table.name in _PLUMBING:
                continue
            columns = [column for column in table.columns if not _is_secret(column)]
            chosen = sa.select(*columns).where(self._rows(table, user_id)).order_by(*table.primary_key.columns)
            result = await session.stream(chosen.execution_options(yield_per=ROWS_A_PART))
            async for row in result.mappings():
                yield {
                    "table": str(table.name),
                    "data": msgspec.to_builtins({str(name): value for name, value in row.items()}),
                }

    async def erase(self, session: TenantSession, user_id: UUID) -> int:
        """Delete the person's rows, those that refer to others first, and what was told of the person in events.

        Events that are not published yet stay: others have to hear of them, and the outbox forgets them in time.
        """
        erased = 0
        for table in reversed(list(self.person)):
            rows = self._rows(table, user_id)
            if (column := self.detached.get(table)) is not None:
                change: sa.Update | sa.Delete = sa.update(table).where(rows).values({column: None})
            else:
                change = sa.delete(table).where(rows)
            erased += await _execute(session, change)
        told = OutboxRow.published_at.is_not(None) & (OutboxRow.payload["user_id"].astext == str(user_id))
        return erased + await _execute(session, sa.delete(OutboxRow).where(told))

    def _rows(self, table: sa.Table, user_id: UUID) -> sa.ColumnElement[bool]:
        chooses = self.person[table]
        own = [] if chooses.own is None else [chooses.own == user_id]
        through = [
            key.parent.in_(sa.select(key.column).where(self._rows(key.column.table, user_id)))
            for key in chooses.through
        ]
        return sa.or_(*(own or through))


@dataclass(frozen=True, slots=True)
class _Chooses:
    """How the rows of a person are found in a table: by its own column, else by what it refers to."""

    own: sa.Column[Any] | None
    through: tuple[sa.ForeignKey, ...]


def handlers(holdings: Holdings, exported: type[PersonalDataExported], erased: type[PersonalDataErased]) -> Handlers:
    """A subgraph's answers to both requests; its own event classes name the topics."""

    async def export(session: TenantSession, event: DataRequested) -> None:
        rows = [row async for row in holdings.export(session, event.user_id)]
        for part in exported_parts(exported, event, rows):
            record(session, part)

    async def erase(session: TenantSession, event: DataRequested) -> None:
        rows = await holdings.erase(session, event.user_id)
        record(session, erased(**_about(event), rows=rows))

    return {EXPORT_REQUESTED: Handler(DataRequested, export), USER_ERASED: Handler(DataRequested, erase)}


def exported_parts(
    exported: type[PersonalDataExported], asked: DataRequested, rows: Sequence[dict[str, Any]]
) -> list[PersonalDataExported]:
    """The rows in events of a bounded size."""
    parts = [list(rows[start : start + ROWS_A_PART]) for start in range(0, len(rows), ROWS_A_PART)] or [[]]
    return [exported(**_about(asked), part=number, parts=len(parts), rows=part) for number, part in enumerate(parts)]


def _about(asked: DataRequested) -> dict[str, Any]:
    return {"tenant_id": asked.tenant_id, "request_id": asked.request_id, "user_id": asked.user_id}


def _is_secret(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.LargeBinary) or any(part in column.name for part in _SECRET)


async def _execute(session: TenantSession, statement: sa.Update | sa.Delete) -> int:
    done = await session.execute(statement.execution_options(synchronize_session=False))
    return cast("sa.CursorResult[Any]", done).rowcount
