"""Every statement of the notifications subgraph."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.notifications.models import Mailbox, Notification, NotificationKind


class NotificationStore:
    """One person's notifications."""

    def __init__(self, session: TenantSession, user_id: UUID) -> None:
        self._session = session
        self._user_id = user_id
        self._mine = select(Notification).where(Notification.user_id == user_id)

    async def add(self, **values: Any) -> None:
        """Put a notification behind those that are there."""
        number = await self._next_number()
        self._session.add(Notification(user_id=self._user_id, number=number, **values))
        await self._session.flush()

    async def has_unread(self, kind: NotificationKind, title: str) -> bool:
        """Whether the person has been told the same, and has not read it."""
        same = self._mine.where(Notification.read_at.is_(None), Notification.kind == kind, Notification.title == title)
        return await self._session.scalar(select(same.exists())) or False

    async def _next_number(self) -> int:
        """Locks the mailbox until the transaction ends."""
        first = insert(Mailbox).values(user_id=self._user_id, last_number=1)
        next_ = first.on_conflict_do_update(
            index_elements=[Mailbox.user_id], set_={"last_number": Mailbox.last_number + 1}
        ).returning(Mailbox.last_number)
        return (await self._session.execute(next_)).scalar_one()

    async def take_over(self, other_id: UUID) -> None:
        """Put what another person was told behind what this one was; what both were told stays once."""
        told = select(Notification.event_id).where(Notification.user_id == self._user_id)
        theirs = (
            select(Notification.id, func.row_number().over(order_by=Notification.number).label("place"))
            .where(Notification.user_id == other_id, Notification.event_id.not_in(told))
            .subquery()
        )
        count = await self._session.scalar(select(func.count()).select_from(theirs)) or 0
        if count == 0:
            return
        kept = insert(Mailbox).values(user_id=self._user_id, last_number=count)
        kept = kept.on_conflict_do_update(
            index_elements=[Mailbox.user_id], set_={"last_number": Mailbox.last_number + count}
        )
        last = (await self._session.execute(kept.returning(Mailbox.last_number))).scalar_one()
        moved = update(Notification).where(Notification.id == theirs.c.id)
        moved = moved.values(user_id=self._user_id, number=last - count + theirs.c.place)
        await self._session.execute(moved.execution_options(synchronize_session=False))

    async def last_number(self) -> int:
        """The number of the newest, 0 if there is none."""
        chosen = select(Mailbox.last_number).where(Mailbox.user_id == self._user_id)
        return await self._session.scalar(chosen) or 0

    async def since(self, number: int, *, limit: int) -> Sequence[Notification]:
        """Those after `number`, oldest first."""
        chosen = self._mine.where(Notification.number > number).order_by(Notification.number).limit(limit)
        return (await self._session.scalars(chosen)).all()

    async def page(self, page: PageRequest[int], *, unread_only: bool) -> Sequence[Notification]:
        """Newest first."""
        chosen = self._mine.order_by(Notification.number.desc()).limit(page.limit)
        if page.after is not None:
            chosen = chosen.where(Notification.number < page.after)
        if unread_only:
            chosen = chosen.where(Notification.read_at.is_(None))
        return (await self._session.scalars(chosen)).all()

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, Notification]:
        found = await self._session.scalars(self._mine.where(Notification.id.in_(ids)))
        return {notification.id: notification for notification in found}

    async def unread_count(self) -> int:
        chosen = select(func.count()).where(Notification.user_id == self._user_id, Notification.read_at.is_(None))
        return await self._session.scalar(chosen) or 0

    async def mark_read(self, ids: Sequence[UUID]) -> None:
        """What was read before keeps its time."""
        unread = update(Notification).where(
            Notification.user_id == self._user_id, Notification.id.in_(ids), Notification.read_at.is_(None)
        )
        await self._session.execute(unread.values(read_at=func.now()))
