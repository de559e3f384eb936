"""One request to a subgraph for all who ask for the same at the same time, where its answer may be given to them."""

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

from router.execute.transport.base import SubgraphTimeout
from router.execute.transport.flights import Flights

T = TypeVar("T")


async def led_or_joined(
    flights: Flights[T], key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]], *, serves: Callable[[T], bool]
) -> tuple[T, bool]:
    """What `ask` gives, perhaps to somebody else.

    Args:
        flights: what is under way.
        key: as what it is; None asks alone.
        ask: the subgraph.
        serves: whether what somebody else was given may be given to the caller, too. Nobody knows before it is there.

    Returns: the outcome, and whether the caller itself has asked for it.
    """
    led = False

    async def lead() -> T:
        nonlocal led
        led = True
        return await ask()

    try:
        outcome = await (lead() if key is None else flights.join(key, lead))
    except SubgraphTimeout:
        if led:
            raise
        outcome = await lead()  # the other one may have had less time
    if not led and not serves(outcome):
        outcome = await lead()
    return outcome, led
