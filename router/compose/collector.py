"""Keep Python's collector of cycles from looking through a growing schema again and again."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def paused() -> Generator[None]:
    """Collect no cycles meanwhile.

    Nearly everything that composition makes lives until its end, and next to nothing of it is in cycles; with the
    collector at work, a big graph takes nearly twice the time and no less memory.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
