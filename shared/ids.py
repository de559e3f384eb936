"""Identifiers: UUID version 7, so that keys made later sort later.

Source: RFC 9562, section 5.7, with method 3 of section 6.2 (the sub-millisecond part of the clock in ``rand_a``).
"""

import os
import threading
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = (1 << 62) - 1
_TICKS_PER_MS = 4096

_lock = threading.Lock()
_last_tick = 0


def _next_tick() -> int:
    """The clock in 1/4096 ms, never twice the same in one process."""
    global _last_tick  # noqa: PLW0603 - one monotonic clock a process is the point
    now = time.time_ns() * _TICKS_PER_MS // 1_000_000
    with _lock:
        _last_tick = max(now, _last_tick + 1)
        return _last_tick


def uuid7() -> UUID:
    """A new identifier, greater than every one made before in this process."""
    milliseconds, fraction = divmod(_next_tick(), _TICKS_PER_MS)
    random = int.from_bytes(os.urandom(8)) & _RANDOM_BITS
    return UUID(int=(milliseconds << 80) | _VERSION | (fraction << 64) | _VARIANT | random)
