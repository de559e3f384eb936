"""Where code is made: at once if that takes no time, and else apart from the event loop, for later executions."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

logger = logging.getLogger(__name__)

SMALL = 1_500
"""Characters of operations for which code is made within a few milliseconds."""

_workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plans")
"""One: several would take as long, and keep the event loop from its work."""


def soon(make: Callable[[], None], characters: int) -> None:
    """Make code for operations of so many characters; until it is there, whatever it is for has to do without.

    `make` puts what it has made into its place in one step.
    """
    if characters <= SMALL:
        make()
    else:
        _workers.submit(make).add_done_callback(_tell)


def _tell(made: "Future[None]") -> None:
    error = made.exception()
    if error is not None:
        logger.error("No code could be made for a plan", exc_info=error)
