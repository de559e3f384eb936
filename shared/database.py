"""PostgreSQL: engines, tenant sessions, and the unit of work.

A session belongs to one tenant. Tables are declared in the placeholder schema ``tenant``, which the session maps to the
tenant's own, so that every statement is fully qualified; and each transaction first takes on a role that can use that
one schema only. Both end with the transaction, so nothing is left on a pooled connection.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from shared.caller import Caller, TenantId
from shared.engines import connect, note_served, read_url, sqlstate, unavailable_if_lost
from shared.errors import TenantNotFound, Unavailable
from shared.tenancy.names import MAIN, PLACEHOLDER_SCHEMA, tenant_role, tenant_schema
from shared.tenancy.placement import Placement

_NAMING: Final = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
_NO_SUCH_ROLE: Final = "22023"
_NOT_ALLOWED: Final = "42501"
"""To become the tenant's role: it is fenced off here, since it is being moved, or was (`shared.tenancy.fence`)."""
_MOST_VIEWS: Final = 1_000

ENTER_TENANT: Final = "SELECT set_config('role', $1, true) /* SET LOCAL ROLE */"
"""``SET LOCAL ROLE`` with the role as a parameter: one prepared statement a connection, not one a tenant."""


def subgraph_metadata() -> sa.MetaData:
    """Empty metadata whose tables are declared in the placeholder schema."""
    return sa.MetaData(schema=PLACEHOLDER_SCHEMA, naming_convention=_NAMING)


class Base(DeclarativeBase):
    """Common ground of the models. A subgraph derives an abstract class with its own `subgraph_metadata()`."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {str: sa.Text(), datetime: sa.DateTime(timezone=True)}


class _FencedOff(Unavailable):
    """Nobody may enter the tenant on this server now."""


class _TenantSyncSession(Session):
    """The synchronous half of `TenantSession`, which SQLAlchemy's events are attached to."""


@event.listens_for(_TenantSyncSession, "after_begin")
def _enter_tenant(session: Session, transaction: SessionTransaction, connection: sa.Connection) -> None:
    if transaction.nested:
        return
    note_served(connection, session.info["role"])
    try:
        connection.exec_driver_sql(ENTER_TENANT, (session.info["role"],))
    except DBAPIError as error:
        if sqlstate(error) == _NO_SUCH_ROLE:
            raise TenantNotFound from error
        if sqlstate(error) == _NOT_ALLOWED:
            raise _FencedOff from error
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


@dataclass(frozen=True, slots=True)
class OtherServers:
    """Those beside the main one that tenants may be on."""

    placement: Placement
    engines: Mapping[str, AsyncEngine]
    """By name, of the same subgraph's database on each."""

    @classmethod
    def create(cls, main: SecretStr | str, urls: Mapping[str, SecretStr], *, pool_size: int) -> "OtherServers":
        engines = {name: connect(read_url(url), pool_size=pool_size) for name, url in urls.items()}
        return cls(Placement.create(main, engines), engines)

    async def aclose(self) -> None:
        await self.placement.aclose()
        for engine in self.engines.values():
            await engine.dispose()


class Sessions:
    """The tenant sessions of one subgraph's process, over one pool of connections a server.

    Attributes:
        engine: the pool of the main server.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        subgraph: str,
        observer: Observer | None = None,
        others: OtherServers | None = None,
    ) -> None:
        self.engine = engine
        self.subgraph = subgraph
        self._observer = observer
        self._others = others
        self._views: OrderedDict[tuple[str, TenantId, bool], AsyncEngine] = OrderedDict()
        """The engines as tenants' sessions have them, which take a tenth of a request to make."""

    @classmethod
    def create(
        cls,
        url: SecretStr | str,
        *,
        subgraph: str,
        pool_size: int = 8,
        observer: Observer | None = None,
        servers: Mapping[str, SecretStr] = MappingProxyType({}),
    ) -> "Sessions":
        """Sessions over the servers of some URLs.

        Args:
            url: the subgraph's login to its database on the main server.
            subgraph: whose tenants' roles are taken on.
            pool_size: connections to each server.
            observer: is told of mutations.
            servers: the same logins on the other servers that tenants may be on, by name.
        """
        others = OtherServers.create(url, servers, pool_size=pool_size) if servers else None
        main = connect(read_url(url), pool_size=pool_size)
        return cls(main, subgraph=subgraph, observer=observer, others=others)

    @property
    def engines(self) -> Sequence[AsyncEngine]:
        """The pools of all servers, the main one first."""
        return [self.engine, *(self._others.engines.values() if self._others else ())]

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
        if self._others:
            await self._others.aclose()

    @asynccontextmanager
    async def _open(self, caller: Caller, *, readonly: bool = False) -> AsyncGenerator[TenantSession]:
        server = await self._server_of(caller.tenant_id)
        engine = self._view(server, caller.tenant_id, readonly=readonly)
        role = tenant_role(caller.tenant_id, self.subgraph)
        try:
            with unavailable_if_lost():
                async with TenantSession(engine, caller, role=role, observer=self._observer) as session:
                    yield session
        except (TenantNotFound, _FencedOff) as error:
            if await self._has_moved(caller.tenant_id, server):
                raise Unavailable from error
            raise
        except DBAPIError as error:
            if sqlstate(error) == _NOT_ALLOWED and await _is_fenced_off(engine, caller, role):
                raise Unavailable from error
            raise

    async def _has_moved(self, tenant_id: TenantId, server: str) -> bool:
        """Whether a tenant that is not served by a server is on another one now."""
        if self._others is None:
            return False
        self._others.placement.forget(tenant_id)
        return await self._server_of(tenant_id) != server

    async def _server_of(self, tenant_id: TenantId) -> str:
        return MAIN if self._others is None else await self._others.placement.server_of(tenant_id)

    def _view(self, server: str, tenant_id: TenantId, *, readonly: bool) -> AsyncEngine:
        """The engine for one tenant's schema, over its server's one pool; those that were used last are kept."""
        key = server, tenant_id, readonly
        found = self._views.get(key)
        if found is not None:
            self._views.move_to_end(key)
            return found
        options: dict[str, Any] = {"postgresql_readonly": True} if readonly else {}
        mapped = {PLACEHOLDER_SCHEMA: tenant_schema(tenant_id)}
        pool = self._others.engines[server] if self._others and server != MAIN else self.engine
        made = self._views[key] = pool.execution_options(schema_translate_map=mapped, **options)
        if len(self._views) > _MOST_VIEWS:
            self._views.popitem(last=False)
        return made


async def _is_fenced_off(engine: AsyncEngine, caller: Caller, role: str) -> bool:
    """Whether a statement was refused since the fence was put up after its transaction had come in."""
    async with TenantSession(engine, caller, role=role) as session:
        try:
            await session.connection()
        except (_FencedOff, TenantNotFound):
            return True
    return False


@asynccontextmanager
async def unit_of_work(sessions: Sessions, caller: Caller) -> AsyncGenerator[TenantSession]:
    """One transaction: committed at the end, rolled back if the block raises. The only place that commits."""
    async with sessions._open(caller) as session:  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its other half
        yield session
        for step in session.last_steps:
            await step()
        await session.commit()
