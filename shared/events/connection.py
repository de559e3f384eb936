"""Redis clients whose replies have the shape this package reads."""

from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def connect(url: str) -> Redis:
    """Open a client whose failures reach the caller at once.

    What repeats a command after a failure has to know what may have been missed meanwhile; the client doesn't.
    """
    return cast("Any", Redis).from_url(url, protocol=3, retry=Retry(NoBackoff(), 0))


def connect_patiently(url: str) -> Redis:
    """Open a client that repeats a failed command a few times, for commands that do no harm when repeated."""
    return cast("Any", Redis).from_url(url, protocol=3)
