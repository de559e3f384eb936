"""Every statement about attempts."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Interval, case, cast, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.auth.models import Throttle

_FORGOTTEN_AT_ONCE: Final = 20


class ThrottleStore:
    """Attempts in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def begin(
        self, key: bytes, now: datetime, *, free: int, first: timedelta, longest: timedelta
    ) -> datetime | None:
        """Count an attempt as failed before it is made, so that many at once do not pass as one.

        Args:
            key: of what is counted together.
            now: the time.
            free: failures after which each attempt has to wait, twice as long as the one before.
            first: that an attempt has to wait then.
            longest: that any has to wait.

        Returns:
            Until when it has to wait; None if it may be made.
        """
        doubled = first.total_seconds() * func.power(2.0, func.least(Throttle.failures + 1 - free, 20))
        seconds = func.least(doubled, longest.total_seconds())
        pause = cast(func.make_interval(0, 0, 0, 0, 0, 0, seconds), Interval)
        counted = (
            insert(Throttle)
            .values(key=key, failures=1, updated_at=now)
            .on_conflict_do_update(
                index_elements=[Throttle.key],
                set_={
                    "failures": Throttle.failures + 1,
                    "blocked_until": case((Throttle.failures + 1 >= free, literal(now) + pause), else_=None),
                    "updated_at": now,
                },
                where=or_(Throttle.blocked_until.is_(None), Throttle.blocked_until <= now),
            )
            .returning(Throttle.key)
        )
        if await self._session.scalar(counted) is not None:
            return None
        return await self._session.scalar(select(Throttle.blocked_until).where(Throttle.key == key))

    async def failures(self, key: bytes) -> int:
        """How many there were since the last success."""
        return await self._session.scalar(select(Throttle.failures).where(Throttle.key == key)) or 0

    async def clear(self, key: bytes) -> None:
        """Forget the failures: an attempt has succeeded."""
        await self._session.execute(delete(Throttle).where(Throttle.key == key))

    async def forget(self, before: datetime) -> None:
        """Drop some that nobody has added to since then; those that others are at are left to them."""
        old = (
            select(Throttle.key)
            .where(Throttle.updated_at < before)
            .limit(_FORGOTTEN_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        await self._session.execute(delete(Throttle).where(Throttle.key.in_(old)))
