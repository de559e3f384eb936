"""PostgreSQL: engines, tenant sessions, and the unit of work.

A session belongs to one tenant. Tables are declared in the placeholder schema ``tenant``, which the session maps to the
tenant's own, so that every statement is fully qualified; and each transaction first takes on a role that can use that
one schema only. Both end with the transaction, so nothing is left on a pooled connection.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import URL, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

from shared.caller import Caller, TenantId
from shared.errors import TenantNotFound, Unavailable
from shared.statement_spans import trace_statements
from shared.tenancy.names import PLACEHOLDER_SCHEMA, tenant_role, tenant_schema
from shared.tls import without_tls_words

_NAMING: Final = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
_ROLE_UNKNOWN_OR_NOT_OURS: Final = frozenset({"22023", "42501"})
_AWAY: Final = ("08", "53", "57P")
"""SQL states of a server that is lost, out of resources, stopping or starting. PostgreSQL documentation, appendix A."""
_MOST_VIEWS: Final = 1_000
_RECYCLE_SECONDS: Final = 1800
_MOST_SERVED: Final = 100
"""A server process caches what it has seen of each tenant's tables, about 36 KB for one that is read, and forgets none
while it lives: a connection ends after so many tenants, or after so many seconds."""
_SERVED: Final = "tenants"

ENTER_TENANT: Final = "SELECT set_config('role', $1, true) /* SET LOCAL ROLE */"
"""``SET LOCAL ROLE`` with the role as a parameter: one prepared statement a connection, not one a tenant."""


def subgraph_metadata() -> sa.MetaData:
    """Empty metadata whose tables are declared in the placeholder schema."""
    return sa.MetaData(schema=PLACEHOLDER_SCHEMA, naming_convention=_NAMING)


class Base(DeclarativeBase):
    """Common ground of the models. A subgraph derives an abstract class with its own `subgraph_metadata()`."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {str: sa.Text(), datetime: sa.DateTime(timezone=True)}


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


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:
    """The driver knows a lost socket without a round trip; the pool answers this error with a new connection."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _retire(_: object, record: ConnectionPoolEntry) -> None:
    """A connection that has served many tenants is replaced before it is used again: see `_MOST_SERVED`."""
    if len(record.info.get(_SERVED, ())) >= _MOST_SERVED:
        record.invalidate(soft=True)


class _TenantSyncSession(Session):
    """The synchronous half of `TenantSession`, which SQLAlchemy's events are attached to."""


@event.listens_for(_TenantSyncSession, "after_begin")
def _enter_tenant(session: Session, transaction: SessionTransaction, connection: sa.Connection) -> None:
    if transaction.nested:
        return
    served: set[str] = connection.info.setdefault(_SERVED, set())
    served.add(session.info["role"])
    try:
        connection.exec_driver_sql(ENTER_TENANT, (session.info["role"],))
    except DBAPIError as error:
        if _sqlstate(error) in _ROLE_UNKNOWN_OR_NOT_OURS:
            raise TenantNotFound from error
        raise


class TenantSession(AsyncSession):
    """A session that reaches the schema of one tenant. Had from `Sessions.read` and `unit_of_work` only."""

    caller: Caller

    def __init__(self, engine: AsyncEngine, caller: Caller, *, role: str, observer: "Observer | None" = None) -> None:
        super().__init__(engine, sync_session_class=_TenantSyncSession, expire_on_commit=False, info={"role": role})
        self.caller = caller
        self.last_steps: list[Callable[[], Awaitable[None]]] = []
        """What the unit of work does before it commits: for what others wait for, so that they wait shortly."""
        self._observer = observer

    def performed(self, operation: str, result_id: UUID) -> None:
        """Tell whoever observes this subgraph's sessions that a mutation has done its work in this one."""
        if self._observer is not None:
            self._observer(self, operation, result_id)


Observer: TypeAlias = Callable[[TenantSession, str, UUID], None]
"""Is told of each mutation done: in which session, its name, and the id of what it was done to."""


class Sessions:
    """The tenant sessions of one subgraph's process, over one pool of connections."""

    def __init__(self, engine: AsyncEngine, *, subgraph: str, observer: Observer | None = None) -> None:
        self.engine = engine
        self.subgraph = subgraph
        self._observer = observer
        self._views: OrderedDict[tuple[TenantId, bool], AsyncEngine] = OrderedDict()
        """The engine as tenants' sessions have it, which takes a tenth of a request to make."""

    @classmethod
    def create(
        cls, url: SecretStr | str, *, subgraph: str, pool_size: int = 8, observer: Observer | None = None
    ) -> "Sessions":
        return cls(connect(read_url(url), pool_size=pool_size), subgraph=subgraph, observer=observer)

    def read(self, caller: Caller) -> AbstractAsyncContextManager[TenantSession]:
        """A session in a read-only transaction, rolled back at the end."""
        return self._open(caller, readonly=True)

    async def ping(self) -> None:
        """Raise `Unavailable` unless the server answers."""
        with unavailable_if_lost():
            async with self.engine.connect() as connection:
                await connection.execute(sa.select(1))

    async def aclose(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def _open(self, caller: Caller, *, readonly: bool = False) -> AsyncGenerator[TenantSession]:
        engine = self._view(caller.tenant_id, readonly=readonly)
        role = tenant_role(caller.tenant_id, self.subgraph)
        with unavailable_if_lost():
            async with TenantSession(engine, caller, role=role, observer=self._observer) as session:
                yield session

    def _view(self, tenant_id: TenantId, *, readonly: bool) -> AsyncEngine:
        """The engine for one tenant's schema, over the one pool; those that were used last are kept."""
        key = tenant_id, readonly
        found = self._views.get(key)
        if found is not None:
            self._views.move_to_end(key)
            return found
        options: dict[str, Any] = {"postgresql_readonly": True} if readonly else {}
        mapped = {PLACEHOLDER_SCHEMA: tenant_schema(tenant_id)}
        made = self._views[key] = self.engine.execution_options(schema_translate_map=mapped, **options)
        if len(self._views) > _MOST_VIEWS:
            self._views.popitem(last=False)
        return made


@contextmanager
def unavailable_if_lost() -> Generator[None]:
    """Raise `Unavailable` for a server that is away: that is no bug of ours, and the caller may try again."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or _sqlstate(error).startswith(_AWAY):
            raise Unavailable from error
        raise
    except (ConnectionError, FileNotFoundError, PoolTimeout) as error:
        raise Unavailable from error


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


@asynccontextmanager
async def unit_of_work(sessions: Sessions, caller: Caller) -> AsyncGenerator[TenantSession]:
    """One transaction: committed at the end, rolled back if the block raises. The only place that commits."""
    async with sessions._open(caller) as session:  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its other half
        yield session
        for step in session.last_steps:
            await step()
        await session.commit()
