"""What a subgraph holds of one person: found in its tables, told to the person, and erased.

The users subgraph asks by events (GDPR, articles 15, 17 and 20); each subgraph answers with events of its own, from
which is seen who has answered. Where somebody had two accounts, what the one has is given to the other. What belongs to
a person is found by the tables' own shape, so that a table added later is not forgotten: it has a column `user_id`, or
it refers to such a table by a foreign key.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias, cast
from uuid import UUID

import msgspec
import sqlalchemy as sa

from shared.database import TenantSession
from shared.departures import depart
from shared.events import Event, Handler, Handlers, record
from shared.events.outbox import OutboxRow
from shared.sealed_boxes import seal

EXPORT_REQUESTED: Final = "users.data-export-requested.v1"
USER_ERASED: Final = "users.user-erased.v1"
USERS_MERGED: Final = "users.users-merged.v1"
ROWS_A_PART: Final = 200
_NOTHING: Final[Mapping[str, str]] = {}
_NO_FURTHER: Final[Mapping[str, Sequence[str]]] = {}
_PERSON: Final = "user_id"
_PLUMBING: Final = frozenset({"outbox", "inbox", "idempotency"})
"""Tables that tell nothing of a person but that something was done."""
_NOT_GIVEN: Final = _PLUMBING | {"known_role_assignments", "invitations", "deactivations"}
"""Tables of which nothing is given to another account: who may come in, and do what, is not, so that nobody gains."""
_SECRET: Final = ("hash", "sealed", "secret", "fingerprint", "token", "code", "challenge", "public_key")
"""Parts of the names of columns that are not told even to their owner: who reads an export could sign in with them."""


class DataRequested(msgspec.Struct, frozen=True):
    """A subgraph's view of both requests."""

    tenant_id: UUID
    request_id: UUID
    user_id: UUID
    public_key: str | None = None
    """That what is told of the person is to be sealed for (`shared.sealed_boxes`); events are kept by many."""


class UsersMerged(DataRequested, frozen=True, kw_only=True):
    """`user_id` and `into_id` are one person, who goes on as the latter."""

    into_id: UUID


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
    """Each with its table's name as `table` and its columns as `data`; none if they are sealed."""
    sealed_rows: list[str]
    """The same as JSON, sealed for the request's key."""


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
    def of(
        cls,
        metadata: sa.MetaData,
        *,
        detached: Mapping[str, str] = _NOTHING,
        further: Mapping[str, Sequence[str]] = _NO_FURTHER,
    ) -> "Holdings":
        """Those among the tables of `metadata`.

        Args:
            metadata: the subgraph's tables.
            detached: by the name of a table, the column that loses the person while the row stays.
            further: by the name of a table, columns beside `user_id` that name a person too.
        """
        columns = {
            table: table.columns[detached[table.name]] for table in metadata.sorted_tables if table.name in detached
        }
        person: dict[sa.Table, _Chooses] = {}
        for table in metadata.sorted_tables:
            named = table.columns.get(_PERSON) if table not in columns else columns[table]
            own = (*(() if named is None else (named,)), *(table.columns[name] for name in further.get(table.name, ())))
            through = [
                key for key in table.foreign_keys if key.column.table in person and key.column.table is not table
            ]
            if own or through:
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

    async def merge(self, session: TenantSession, user_id: UUID, into_id: UUID) -> int:
        """Give the rows of a person to another, as far as that one has none that are in their place; erase the rest.

        Returns:
            How many rows were given or erased.
        """
        given = 0
        for table, chooses in self.person.items():
            if table.name in _NOT_GIVEN:
                continue
            for column in chooses.own:
                taken = [_taken(table, unique, column, into_id) for unique in _uniques(table) if column in unique]
                change = sa.update(table).where(column == user_id, *(~one for one in taken)).values({column: into_id})
                given += await _execute(session, change)
        return given + await self.erase(session, user_id)

    def _rows(self, table: sa.Table, user_id: UUID) -> sa.ColumnElement[bool]:
        chooses = self.person[table]
        own = [column == user_id for column in chooses.own]
        through = [
            key.parent.in_(sa.select(key.column).where(self._rows(key.column.table, user_id)))
            for key in chooses.through
        ]
        return sa.or_(*(own or through))


@dataclass(frozen=True, slots=True)
class _Chooses:
    """How the rows of a person are found in a table: by its own columns, else by what it refers to."""

    own: tuple[sa.Column[Any], ...]
    through: tuple[sa.ForeignKey, ...]


def _uniques(table: sa.Table) -> Iterator[frozenset[sa.Column[Any]]]:
    """The sets of columns of which no two rows have the same values."""
    for constraint in table.constraints:
        if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint):
            yield frozenset(constraint.columns)
    for index in table.indexes:
        if index.unique:
            yield frozenset(index.columns)


def _taken(
    table: sa.Table, unique: frozenset[sa.Column[Any]], column: sa.Column[Any], into_id: UUID
) -> sa.ColumnElement[bool]:
    """Whether the other person has a row that one with their name would be the same as."""
    other = table.alias("other")
    same = [other.columns[each.name] == each for each in unique if each is not column]
    return sa.exists().where(other.columns[column.name] == into_id, *same).correlate(table)


BeforeMerge: TypeAlias = Callable[[TenantSession, UsersMerged], Awaitable[None]]
"""Joins what both have, where it would not do to keep the one's: numbered inboxes, progress."""


async def _nothing_before(session: TenantSession, event: UsersMerged) -> None:
    """Nothing has to be joined."""


def handlers(
    holdings: Holdings,
    exported: type[PersonalDataExported],
    erased: type[PersonalDataErased],
    *,
    before_merge: BeforeMerge = _nothing_before,
) -> Handlers:
    """A subgraph's answers to the requests; its own event classes name the topics.

    Args:
        holdings: its tables.
        exported: tells what it holds.
        erased: tells that it holds nothing of the person any more, be it erased or another's.
        before_merge: joins what two have who are one person, before the rest is given.
    """

    async def export(session: TenantSession, event: DataRequested) -> None:
        rows = [row async for row in holdings.export(session, event.user_id)]
        for part in exported_parts(exported, event, rows):
            record(session, part)

    async def erase(session: TenantSession, event: DataRequested) -> None:
        await depart(session, event.user_id)
        rows = await holdings.erase(session, event.user_id)
        record(session, erased(**_about(event), rows=rows))

    async def merge(session: TenantSession, event: UsersMerged) -> None:
        await depart(session, event.user_id, event.into_id)
        await before_merge(session, event)
        rows = await holdings.merge(session, event.user_id, event.into_id)
        record(session, erased(**_about(event), rows=rows))

    return {
        EXPORT_REQUESTED: Handler(DataRequested, export),
        USER_ERASED: Handler(DataRequested, erase),
        USERS_MERGED: Handler(UsersMerged, merge),
    }


def exported_parts(
    exported: type[PersonalDataExported], asked: DataRequested, rows: Sequence[dict[str, Any]]
) -> list[PersonalDataExported]:
    """The rows in events of a bounded size."""
    parts = [list(rows[start : start + ROWS_A_PART]) for start in range(0, len(rows), ROWS_A_PART)] or [[]]
    return [
        exported(**_about(asked), part=number, parts=len(parts), **_told(asked, part))
        for number, part in enumerate(parts)
    ]


def _told(asked: DataRequested, rows: list[dict[str, Any]]) -> dict[str, Any]:
    if asked.public_key is None:
        return {"rows": rows, "sealed_rows": []}
    return {"rows": [], "sealed_rows": sealed_rows(asked.public_key, asked.request_id, rows)}


def sealed_rows(public_key: str, request_id: UUID, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The rows, each sealed for the key of a request."""
    return [seal(public_key, msgspec.json.encode(row).decode(), context=str(request_id)) for row in rows]


def _about(asked: DataRequested) -> dict[str, Any]:
    return {"tenant_id": asked.tenant_id, "request_id": asked.request_id, "user_id": asked.user_id}


def _is_secret(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.LargeBinary) or any(part in column.name for part in _SECRET)


async def _execute(session: TenantSession, statement: sa.Update | sa.Delete) -> int:
    done = await session.execute(statement.execution_options(synchronize_session=False))
    return cast("sa.CursorResult[Any]", done).rowcount
