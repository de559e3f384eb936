"""Notices what goes wrong without any client being told."""

import asyncio
import gc
import logging
import sys
import threading
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from tests.conformance.inputs.shapes import Problem

_AT_ONCE: Final = 50
"""Turns that nothing is waited for between; then something else is being waited for, most likely."""


class Watch(logging.Handler):
    """Takes down errors in the log, of the event loop, and of what nobody waits for."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take down a line with an exception, or of an error."""
        if record.levelno >= logging.ERROR or record.exc_info:
            self._seen.append(self.format(record))

    def problem(self) -> Problem:
        """What was seen since the last time."""
        seen, self._seen = self._seen, []
        return "\n".join(seen) or None

    @contextmanager
    def looking(self) -> Generator[None]:
        """Within the block."""
        loop, root, hook = asyncio.get_running_loop(), logging.getLogger(), sys.unraisablehook
        loop.set_exception_handler(lambda _, context: self._seen.append(f"event loop: {context}"))
        sys.unraisablehook = lambda found: self._seen.append(f"nobody waited: {found.exc_value!r} in {found.object!r}")
        root.addHandler(self)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                yield
            finally:
                root.removeHandler(self)
                sys.unraisablehook = hook
                loop.set_exception_handler(None)


class Pauses:
    """Counts the time that collecting garbage takes: it strikes whichever input is being answered.

    Attributes:
        seconds: of this thread's processor time, so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0
        self._thread = threading.get_ident()

    @contextmanager
    def counted(self) -> Generator[None]:
        """Within the block."""
        gc.callbacks.append(self._see)
        try:
            yield
        finally:
            gc.callbacks.remove(self._see)

    def _see(self, phase: str, info: object) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._began = time.thread_time()
        else:
            self.seconds += time.thread_time() - self._began


async def longest_turn(running: asyncio.Task[None]) -> float:
    """Wait for a task to end.

    Returns the seconds of this thread's processor time that one turn of the event loop took at most until then.
    """
    longest, turns = 0.0, 0
    while not running.done():
        began = time.thread_time()
        await asyncio.sleep(0 if turns < _AT_ONCE else 0.0005)
        longest = max(longest, time.thread_time() - began)
        turns += 1
    await running
    return longest


def tasks() -> int:
    """Those of the running loop, but the one that asks."""
    return len(asyncio.all_tasks()) - 1


def handles() -> int:
    """Open files and sockets of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_megabytes() -> float:
    """Memory of this process, once garbage is gone."""
    gc.collect()
    process: Any = psutil.Process()
    return process.memory_info().rss / 1e6
