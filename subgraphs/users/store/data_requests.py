"""Statements about data requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import DataRequest, DataRequestKind, DataRequestPart, DataRequestState, ExportedRow

_NEVER_COMPLETE: Final = timedelta(days=30)


class DataRequestStore:
    """Data requests of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, request: DataRequest, subgraphs: Sequence[str]) -> None:
        self._session.add(request)
        await self._session.flush()
        self._session.add_all(DataRequestPart(request_id=request.id, subgraph=name) for name in subgraphs)
        await self._session.flush()

    async def get(self, request_id: UUID) -> DataRequest | None:
        return await self._session.get(DataRequest, request_id)

    async def person_of(self, request_id: UUID) -> UUID | None:
        """Whom a request is about, which never changes."""
        return await self._session.scalar(select(DataRequest.user_id).where(DataRequest.id == request_id))

    async def locked(self, request_id: UUID) -> DataRequest | None:
        """The request, whose answers come one after the other."""
        return await self._session.scalar(select(DataRequest).where(DataRequest.id == request_id).with_for_update())

    async def pending(self, user_id: UUID, kind: DataRequestKind) -> DataRequest | None:
        chosen = select(DataRequest).where(DataRequest.user_id == user_id, DataRequest.kind == kind)
        return await self._session.scalar(chosen.where(DataRequest.state == DataRequestState.PENDING))

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, DataRequest]:
        found = await self._session.scalars(select(DataRequest).where(DataRequest.id.in_(ids)))
        return {request.id: request for request in found}

    async def page(self, page: PageRequest[tuple[UUID]], *, user_id: UUID | None) -> Sequence[DataRequest]:
        """The newest first; of one person, or of everybody."""
        chosen = select(DataRequest).order_by(DataRequest.id.desc()).limit(page.limit)
        if user_id is not None:
            chosen = chosen.where(DataRequest.user_id == user_id)
        if page.after is not None:
            chosen = chosen.where(DataRequest.id < page.after[0])
        return (await self._session.scalars(chosen)).all()

    async def parts(self, request_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[DataRequestPart]]:
        """Each one's, in the order of the subgraphs' names."""
        chosen = select(DataRequestPart).where(DataRequestPart.request_id.in_(request_ids))
        found: dict[UUID, list[DataRequestPart]] = {}
        for part in await self._session.scalars(chosen.order_by(DataRequestPart.subgraph)):
            found.setdefault(part.request_id, []).append(part)
        return found

    async def part(self, request_id: UUID, subgraph: str) -> DataRequestPart | None:
        return await self._session.get(DataRequestPart, (request_id, subgraph))

    async def unanswered(self, request_id: UUID) -> int:
        chosen = select(func.count()).where(
            DataRequestPart.request_id == request_id, DataRequestPart.answered_at.is_(None)
        )
        return await self._session.scalar(chosen) or 0


class ExportStore:
    """What was exported, in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, request_id: UUID, subgraph: str, rows: Sequence[Mapping[str, Any]], *, first: int) -> None:
        """Keep rows under the numbers from `first` on; what is there already stays."""
        if rows:
            values = [
                {"request_id": request_id, "subgraph": subgraph, "number": first + place, **row}
                for place, row in enumerate(rows)
            ]
            await self._session.execute(insert(ExportedRow).values(values).on_conflict_do_nothing())

    async def page(self, request_id: UUID, page: PageRequest[tuple[str, int]]) -> Sequence[ExportedRow]:
        """In the order of subgraphs and numbers."""
        chosen = select(ExportedRow).where(ExportedRow.request_id == request_id)
        if page.after is not None:
            subgraph, number = page.after
            later = (ExportedRow.subgraph == subgraph) & (ExportedRow.number > number)
            chosen = chosen.where((ExportedRow.subgraph > subgraph) | later)
        ordered = chosen.order_by(ExportedRow.subgraph, ExportedRow.number).limit(page.limit)
        return (await self._session.scalars(ordered)).all()

    async def forget_of(self, user_id: UUID) -> None:
        """Drop what was exported of a person."""
        theirs = select(DataRequest.id).where(DataRequest.user_id == user_id)
        await self._session.execute(delete(ExportedRow).where(ExportedRow.request_id.in_(theirs)))
        await self._destroy_keys(DataRequest.user_id == user_id)

    async def forget_completed(self, before: datetime) -> None:
        """Drop what was exported, and complete, before then; or requested long before, and never complete."""
        never = DataRequest.completed_at.is_(None) & (DataRequest.requested_at < before - _NEVER_COMPLETE)
        over = (DataRequest.completed_at < before) | never
        old = select(DataRequest.id).where(over)
        await self._session.execute(delete(ExportedRow).where(ExportedRow.request_id.in_(old)))
        await self._destroy_keys(over)

    async def _destroy_keys(self, which: ColumnElement[bool]) -> None:
        """What is left of the rows in events, and in backups of them, cannot be read from now on."""
        chosen = update(DataRequest).where(which, DataRequest.sealed_key.is_not(None))
        await self._session.execute(chosen.values(sealed_key=None))
