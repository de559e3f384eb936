"""Engines that outlast a test: connecting, and compiling every statement anew, takes longer than most tests."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import database, engines
from shared.tenancy import placement, registry, roles


class _Lasting(AsyncEngine):
    """Stays open for the tests that follow, whoever is done with it."""

    __slots__ = ()

    async def dispose(self, close: bool = True) -> None:  # noqa: FBT001, FBT002  # SQLAlchemy's own signature
        """Nothing: `LastingEngines.aclose` does it."""


class LastingEngines:
    """What `shared.engines.connect` gives in one event loop: for the same database in the same way, the same engine."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._made: dict[tuple[URL, str], AsyncEngine] = {}

    @contextmanager
    def given(self) -> Generator[None]:
        """Whoever connects within the block is given one of these."""
        with pytest.MonkeyPatch.context() as patched:
            for module in (database, placement, registry, roles):
                patched.setattr(module, "connect", self._connect)
            yield

    def _connect(self, url: URL, **options: Any) -> AsyncEngine:
        if not self._is_running_here():  # a connection belongs to the loop that it was made in
            return engines.connect(url, **options)
        key = url, repr(options)
        if key not in self._made:
            self._made[key] = _Lasting(engines.connect(url, **options).sync_engine)
        return self._made[key]

    def _is_running_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:  # none is
            return False

    async def aclose(self) -> None:
        """Close all of them."""
        for engine in self._made.values():
            await AsyncEngine.dispose(engine)
