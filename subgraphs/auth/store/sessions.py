"""Every statement about sessions and the devices they were opened on."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import joinedload

from shared.database import TenantSession
from shared.graphql.pagination import Keyset, PageRequest
from subgraphs.auth.models import Account, Device, SignInSession

NEWEST_FIRST: Final = Keyset(tuple[UUID])
"""Ids of sessions rise with time."""
_WITHOUT_REFRESH: Final = timedelta(hours=1)
"""How long a session goes on that cannot be refreshed, at most."""


def _goes_on(now: datetime) -> ColumnElement[bool]:
    ends = func.coalesce(SignInSession.expires_at, SignInSession.created_at + _WITHOUT_REFRESH)
    return SignInSession.ended_at.is_(None) & (ends > now)


class SessionStore:
    """Sessions of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, opened: SignInSession) -> UUID:
        self._session.add(opened)
        await self._session.flush()
        return opened.id

    async def with_account(self, session_id: UUID) -> tuple[SignInSession, Account] | None:
        """A session and whose it is, ended or not."""
        return await self._one(select(SignInSession, Account).where(SignInSession.id == session_id))

    async def lock(self, session_id: UUID, now: datetime) -> tuple[SignInSession, Account] | None:
        """A session that goes on and whose it is; others wait for it until the transaction ends."""
        chosen = select(SignInSession, Account).where(SignInSession.id == session_id, _goes_on(now))
        return await self._one(chosen.with_for_update(of=SignInSession))

    async def open_ones(self, ids: Sequence[UUID], user_id: UUID | None, now: datetime) -> dict[UUID, SignInSession]:
        """Those of the ids that are a person's and go on."""
        chosen = select(SignInSession).where(SignInSession.id.in_(ids), SignInSession.user_id == user_id, _goes_on(now))
        found = await self._session.scalars(chosen.options(joinedload(SignInSession.device)))
        return {one.id: one for one in found}

    async def page(self, user_id: UUID, page: PageRequest[tuple[UUID]], now: datetime) -> Sequence[SignInSession]:
        """A person's that go on, the newest first."""
        chosen = select(SignInSession).where(SignInSession.user_id == user_id, _goes_on(now))
        if page.after is not None:
            chosen = chosen.where(SignInSession.id < page.after[0])
        ordered = chosen.order_by(SignInSession.id.desc()).limit(page.limit)
        return (await self._session.scalars(ordered.options(joinedload(SignInSession.device)))).all()

    async def pages(
        self, user_ids: Sequence[UUID], page: PageRequest[tuple[UUID]], now: datetime
    ) -> Mapping[UUID, Sequence[SignInSession]]:
        """The same page of several people's that go on, the newest first, in one statement."""
        place = func.row_number().over(partition_by=SignInSession.user_id, order_by=SignInSession.id.desc())
        placed = select(SignInSession.id, place.label("place"))
        placed = placed.where(SignInSession.user_id.in_(user_ids), _goes_on(now))
        if page.after is not None:
            placed = placed.where(SignInSession.id < page.after[0])
        ranked = placed.subquery()
        shown = select(SignInSession).join(ranked, ranked.c.id == SignInSession.id).where(ranked.c.place <= page.limit)
        ordered = shown.order_by(SignInSession.id.desc()).options(joinedload(SignInSession.device))
        found: defaultdict[UUID, list[SignInSession]] = defaultdict(list)
        for row in await self._session.scalars(ordered):
            found[row.user_id].append(row)
        return found

    async def end(
        self, user_id: UUID | None, now: datetime, *, only: UUID | None = None, but: UUID | None = None
    ) -> Sequence[tuple[UUID, UUID]]:
        """End sessions that are open.

        Args:
            user_id: whose; None for whosoever `only` is.
            now: the time.
            only: this one.
            but: all others than this one.

        Returns:
            Each one's id, and whose it was.
        """
        ended = update(SignInSession).where(SignInSession.ended_at.is_(None)).values(ended_at=now)
        if user_id is not None:
            ended = ended.where(SignInSession.user_id == user_id)
        if only is not None:
            ended = ended.where(SignInSession.id == only)
        if but is not None:
            ended = ended.where(SignInSession.id != but)
        rows = await self._session.execute(ended.returning(SignInSession.id, SignInSession.user_id))
        return [(row.id, row.user_id) for row in rows]

    async def forget(self, before: datetime) -> None:
        """Drop those that ended before then, whether anybody ended them or not."""
        ends = func.coalesce(SignInSession.expires_at, SignInSession.created_at + _WITHOUT_REFRESH)
        old = delete(SignInSession).where(func.least(ends, SignInSession.ended_at) < before)
        await self._session.execute(old)

    async def _one(self, chosen: Any) -> tuple[SignInSession, Account] | None:
        joined = chosen.join(Account, Account.user_id == SignInSession.user_id)
        row: Any = (await self._session.execute(joined)).one_or_none()
        return None if row is None else (row[0], row[1])


class DeviceStore:
    """Devices that people of the session's tenant have signed in on."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def get(self, device_id: UUID) -> Device | None:
        return await self._session.get(Device, device_id)

    async def add(self, user_id: UUID, name: str | None, now: datetime) -> Device:
        added = Device(user_id=user_id, name=name, last_used_at=now)
        self._session.add(added)
        await self._session.flush()
        return added

    async def use(self, device_id: UUID, now: datetime) -> None:
        """Note that it was used."""
        await self._session.execute(update(Device).where(Device.id == device_id).values(last_used_at=now))

    async def forget_all(self, user_id: UUID) -> None:
        """Know none of a person's any more."""
        await self._session.execute(delete(Device).where(Device.user_id == user_id))

    async def forget(self, before: datetime) -> None:
        """Drop those that were not used since then."""
        await self._session.execute(delete(Device).where(Device.last_used_at < before))
