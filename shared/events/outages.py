"""Telling an outage, which passes by itself, from a failure that repeats."""

import asyncpg
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.errors import Unavailable

_PASSING = (OSError, Unavailable, RedisConnectionError, RedisTimeoutError, PoolTimeoutError)
_PASSING_SQL_CLASSES = frozenset({"08", "40", "53", "57"})
"""Connection, transaction rollback (deadlock, serialization), resources, operator intervention.

Source: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
"""


def is_outage(error: BaseException) -> bool:
    """Tell whether the same attempt may succeed later, with nothing wrong in what was attempted."""
    if isinstance(error, _PASSING):
        return True
    if isinstance(error, DBAPIError):
        state: str = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state[:2] in _PASSING_SQL_CLASSES or _is_confusion(error)
    return False


def _is_confusion(error: DBAPIError) -> bool:
    """Tell whether the driver lost track of its connection, as it does when the server closes it at a bad moment."""
    cause = error.orig.__cause__ if error.orig else None
    return isinstance(cause, asyncpg.InternalClientError) or type(cause) is asyncpg.InterfaceError
