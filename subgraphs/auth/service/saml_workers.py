"""Where XML is read and keys are made: off the event loop, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from shared.errors import Unavailable

T = TypeVar("T")

_THREADS: Final = 2
_MOST_WAITING: Final = 64


class SamlWorkers:
    """A bounded pool; whoever comes while it has enough to do is refused at once."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="saml")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns.

        Raises:
            Unavailable: too much is waiting already.
        """
        if self._waiting >= _MOST_WAITING:
            raise Unavailable
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
