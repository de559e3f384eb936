"""LISTEN: being woken by another process through PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.errors import Unavailable
from shared.events.repeat import heed_cancellation, rest

CHANGED_CHANNEL: Final = "tenant_changed"
"""Notices that a tenant's record has changed."""
_SWEEP_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = 1.0


class Notices:
    """The notices of one channel, on one connection of the pool. Several that arrive unread are one."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._lost = False

    @classmethod
    @asynccontextmanager
    async def listen(cls, engine: AsyncEngine, channel: str) -> "AsyncGenerator[Notices]":
        notices = cls()
        async with engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            driver.add_termination_listener(notices._on_lost)
            await driver.add_listener(channel, notices._on_notice)
            try:
                yield notices
            finally:
                driver.remove_termination_listener(notices._on_lost)
                if not driver.is_closed():
                    await driver.remove_listener(channel, notices._on_notice)

    async def next(self) -> None:
        """Return at the next notice, or at once if one came since the last call.

        Raises:
            Unavailable: the connection was lost, and with it perhaps notices.
        """
        await self._woken.wait()
        self._woken.clear()
        if self._lost:
            raise Unavailable

    def _on_notice(self, connection: object, pid: int, channel: str, payload: object) -> None:
        self._woken.set()

    def _on_lost(self, connection: object) -> None:
        self._lost = True
        self._woken.set()


async def sweep_on_notices(
    engine: AsyncEngine, channel: str, sweep: Callable[[], Awaitable[None]], log: Any
) -> NoReturn:
    """Sweep at each notice, and now and then in case one was missed, until cancelled; a lost server is waited for."""
    while True:
        try:
            async with Notices.listen(engine, channel) as notices:
                while True:
                    await sweep()
                    heed_cancellation()
                    await _pause(notices)
        except (Unavailable, DBAPIError, OSError) as error:
            log.warning("sweeping interrupted", channel=channel, error=str(error))
            await rest(_AGAIN_SECONDS)


async def _pause(notices: Notices) -> None:
    try:
        await asyncio.wait_for(notices.next(), _SWEEP_SECONDS)
    except TimeoutError:
        return
