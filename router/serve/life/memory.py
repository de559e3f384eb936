"""Garbage collection of a process that answers requests."""

import asyncio
import gc
from typing import Final

_PAUSE_SECONDS: Final = 0.1
"""In which what has ended lets go of what it held."""


def collect_rarely() -> None:
    """Leave all that there is now out of garbage collections, and run them for many objects at once.

    Requests under way hold thousands of objects each and hardly any cycles: going through them over and over costs an
    eighth of a large request. But a pass stops everything for as long as it has objects to look at, which is about a
    microsecond for each: five hundred young ones; those that stay, once more with a thousand others; and all that there
    is after some two million more, if a fourth of it is new. To be called before a supergraph is read: one that is
    exchanged must be found.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(500, 2, 1_300)


def collect_soon() -> None:
    """Find what nobody uses any more of a supergraph, whose parts know each other."""
    asyncio.get_running_loop().call_later(_PAUSE_SECONDS, gc.collect)
