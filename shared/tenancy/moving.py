"""Moving a tenant to another database server.

The tenant is fenced off where it is, copied, and then looked for where it has come to. Meanwhile whoever asks for it
is told `SERVICE_UNAVAILABLE` and may try again. Each step is safe to repeat and says in the tenant's record how far the
move is, so that one that is killed at any moment goes on when it is ordered again; until then the tenant stays closed.
What was where the tenant came from stays, behind the fence, until the move is finished.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.caller import TenantId
from shared.errors import DomainError, TenantNotFound
from shared.tenancy.changes import TenantNotOpen
from shared.tenancy.copying import copy_tenant
from shared.tenancy.deletion import drop_tenant
from shared.tenancy.fence import close_schemas, is_mine, open_schemas
from shared.tenancy.migrate import SubgraphMigrations, outdated
from shared.tenancy.names import CONTROL_DATABASE, MAIN, database_name, tenant_schema
from shared.tenancy.notices import CHANGED_CHANNEL
from shared.tenancy.registry import TenantStatus, tenants
from shared.tenancy.roles import Admin

_HAS_SCHEMA: Final = "SELECT to_regnamespace($1) IS NOT NULL"


class CannotMove(DomainError):
    code: ClassVar[str] = "CANNOT_MOVE"


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves tenants between the servers of an administrator."""

    admin: Admin
    """Of the main server, which leads to the others."""
    subgraphs: Sequence[SubgraphMigrations]

    async def move(self, slug: str, to: str) -> None:
        """Move a tenant, or go on with that.

        Raises:
            TenantNotFound, TenantNotOpen: there is none, or it is still being made.
            CannotMove: it is there, or something of it is; or another move of it is not finished.
            Unavailable: this process was not told of a server.
            CopyDiffers, NotCurrent: see `shared.tenancy.copying`; the tenant stays closed until the move is ordered
                again, or taken back.
        """
        async with self._alone(slug) as row:
            source, target = self.admin.on(row.server), self.admin.on(to)
            if row.moving_to is None:
                await self._refuse(row, to)
                await self._note(row.id, None, moving_to=to)
            elif row.moving_to != to:
                raise CannotMove(f"it is being moved to {row.moving_to}")
            if (row.server or MAIN) != to:
                await close_schemas(source, row.id, self.subgraphs)
                for one in self.subgraphs:
                    await copy_tenant(source, target, row.id, one)
                await self._note(row.id, to, server=to, moved_from=row.server or MAIN)
            await open_schemas(target, row.id, self.subgraphs)
            await self._note(row.id, to, moving_to=None)

    async def take_back(self, slug: str) -> None:
        """Give up a move that has not come to its end: the tenant is open again where it is.

        Raises:
            TenantNotFound, CannotMove: it is not being moved, or has come to where it is to be.
        """
        async with self._alone(slug) as row:
            if row.moving_to is None:
                raise CannotMove("it is not being moved")
            if row.moving_to == row.server:
                raise CannotMove(f"it is on {row.server} already; order the move again, which opens it there")
            await self._drop(
                row.id, row.moving_to
            )  # before anybody can write where it is: a copy is whole or not there
            await open_schemas(self.admin.on(row.server), row.id, self.subgraphs)
            await self._note(row.id, row.moving_to, moving_to=None)

    async def finish(self, slug: str) -> None:
        """Drop what was left where a tenant came from.

        Raises:
            TenantNotFound, CannotMove: nothing was left, or not everything is where it has come to.
        """
        async with self._alone(slug) as row:
            if row.moved_from is None or row.moving_to is not None:
                raise CannotMove("no move of it waits to be finished")
            for one in self.subgraphs:
                if await outdated(self.admin.on(row.server), [row.id], one):
                    raise CannotMove(f"{one.subgraph} is not whole, or not of the newest revision, where it is")
            await self._drop(row.id, row.moved_from)
            await self._note(row.id, None, moved_from=None)

    async def _refuse(self, row: sa.Row[Any], to: str) -> None:
        if row.status == TenantStatus.PROVISIONING:
            raise TenantNotOpen
        if (row.server or MAIN) == to:
            raise CannotMove(f"it is on {to}")
        if row.moved_from is not None:
            raise CannotMove(f"its move from {row.moved_from} is not finished")
        for one in self.subgraphs:
            if await outdated(self.admin.on(row.server), [row.id], one):
                raise CannotMove(f"{one.subgraph} is not of the newest revision where it is; `studium migrate` first")
            async with self.admin.on(to).engine(database_name(one.subgraph)).connect() as connection:
                if (await connection.exec_driver_sql(_HAS_SCHEMA, (tenant_schema(row.id),))).scalar_one():
                    raise CannotMove(f"{to} has a schema of it in {one.subgraph} that no move has left there")

    async def _drop(self, tenant_id: TenantId, server: str) -> None:
        for one in self.subgraphs:
            await drop_tenant(self.admin.on(server), tenant_id, one.subgraph)

    async def _note(self, tenant_id: TenantId, going_to: str | None, **values: str | None) -> None:
        """Say in the record how far a move is, and tell everybody that it has changed.

        Raises:
            CannotMove: it is not being moved to where this process does: the connection that kept others off was lost.
        """
        mine = tenants.c.id == tenant_id, tenants.c.moving_to.is_not_distinct_from(going_to)
        changed = sa.update(tenants).where(*mine).values(**values, untold=True).returning(tenants.c.id)
        async with self.admin.engine(CONTROL_DATABASE).begin() as connection:
            if (await connection.execute(changed)).one_or_none() is None:
                raise CannotMove("somebody else has gone on with it meanwhile")
            await connection.execute(sa.select(sa.func.pg_notify(CHANGED_CHANNEL, str(tenant_id))))

    @asynccontextmanager
    async def _alone(self, slug: str) -> AsyncGenerator[sa.Row[Any]]:
        """The tenant's record, while nobody else moves it."""
        async with self.admin.engine(CONTROL_DATABASE).begin() as connection:
            if not await is_mine(connection, slug):
                raise CannotMove("somebody is moving or deleting it at this moment")
            yield await _record(connection, slug)


async def unfinished(control: AsyncEngine) -> dict[TenantId, str]:
    """What is left to be done of tenants' moves, as the operator is told it."""
    chosen = sa.select(tenants.c.id, tenants.c.moving_to, tenants.c.moved_from)
    either = sa.or_(tenants.c.moving_to.is_not(None), tenants.c.moved_from.is_not(None))
    async with control.connect() as connection:
        rows = (await connection.execute(chosen.where(either))).all()
    return {TenantId(row.id): _told(row.moving_to, row.moved_from) for row in rows}


def _told(moving_to: str | None, moved_from: str | None) -> str:
    return f"still on {moved_from} too" if moving_to is None else f"closed: being moved to {moving_to}"


async def _record(connection: AsyncConnection, slug: str) -> sa.Row[Any]:
    row = (await connection.execute(sa.select(tenants).where(tenants.c.slug == slug))).one_or_none()
    if row is None:
        raise TenantNotFound
    return row
