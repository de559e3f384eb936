"""Engines: pools of connections to PostgreSQL, which notice what the server closed and bound what a backend keeps."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import URL, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from shared.errors import Unavailable
from shared.statement_spans import trace_statements
from shared.tls import without_tls_words

_AWAY: Final = ("08", "53", "57P")
"""SQL states of a server that is lost, out of resources, stopping or starting. PostgreSQL documentation, appendix A."""
_RECYCLE_SECONDS: Final = 1800
_MOST_SERVED: Final = 100
"""A server process caches what it has seen of each tenant's tables, about 36 KB for one that is read, and forgets none
while it lives: a connection ends after so many tenants, or after so many seconds."""
_SERVED: Final = "tenants"


def read_url(url: SecretStr | str, *, database: str | None = None) -> URL:
    """Parse ``postgresql://…`` for the driver used here, optionally for another database of the same server."""
    text = url.get_secret_value() if isinstance(url, SecretStr) else url
    parsed = sa.make_url(text).set(drivername="postgresql+asyncpg")
    return parsed.set(database=database) if database else parsed


def connect(url: URL, *, pool_size: int, **options: Any) -> AsyncEngine:
    """An engine that notices a connection the server closed before it hands it out.

    Raises:
        ValueError: what the URL says of TLS cannot be used.
    """
    url, tls = without_tls_words(url)
    options["connect_args"] = {**options.get("connect_args", {}), **tls}
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=_RECYCLE_SECONDS,
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "checkin", _retire)
    trace_statements(engine.sync_engine)
    return engine


def note_served(connection: sa.Connection, role: str) -> None:
    """Count a tenant's role among those that the connection has served."""
    served: set[str] = connection.info.setdefault(_SERVED, set())
    served.add(role)


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:
    """The driver knows a lost socket without a round trip; the pool answers this error with a new connection."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _retire(_: object, record: ConnectionPoolEntry) -> None:
    """A connection that has served many tenants is replaced before it is used again: see `_MOST_SERVED`."""
    if len(record.info.get(_SERVED, ())) >= _MOST_SERVED:
        record.invalidate(soft=True)


@contextmanager
def unavailable_if_lost() -> Generator[None]:
    """Raise `Unavailable` for a server that is away: that is no bug of ours, and the caller may try again."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or sqlstate(error).startswith(_AWAY):
            raise Unavailable from error
        raise
    except (ConnectionError, FileNotFoundError, PoolTimeout) as error:
        raise Unavailable from error


def sqlstate(error: DBAPIError) -> str:
    """The five characters that PostgreSQL says what is wrong with; empty where it has not said anything."""
    return getattr(error.orig, "sqlstate", None) or ""
