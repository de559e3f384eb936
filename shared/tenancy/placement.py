"""Which server a tenant is on, where there are several.

The main server has the control database, whose directory names each tenant's server. A process is told the servers by
its settings and asks the directory once a tenant; with the main server alone it asks nothing. A tenant that is moved
loses its roles on the server it leaves before it is let in at the other: who still looks for it there is refused, and
then forgets (`Placement.forget`) what the directory said before.
"""

from collections import OrderedDict
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
import structlog
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.caller import TenantId
from shared.engines import connect, read_url, unavailable_if_lost
from shared.errors import Unavailable
from shared.tenancy.names import CONTROL_DATABASE, CONTROL_SCHEMA, MAIN

_MOST_KEPT: Final = 50_000
_CONNECTIONS: Final = 2
_log = structlog.get_logger(__name__)
_directory: Final = sa.table(
    "tenant_directory", sa.column("id", sa.Uuid), sa.column("server", sa.Text), schema=CONTROL_SCHEMA
)


class Placement:
    """Tells which of a process's servers has a tenant."""

    def __init__(self, control: AsyncEngine, servers: Collection[str]) -> None:
        """Know nothing yet.

        Args:
            control: the control database, read as its reader.
            servers: the names of those beside the main one.
        """
        self._control = control.execution_options(isolation_level="AUTOCOMMIT")
        self._known = frozenset({MAIN, *servers})
        self._kept: OrderedDict[TenantId, str] = OrderedDict()

    @classmethod
    def create(cls, url: SecretStr | str, servers: Collection[str]) -> "Placement":
        """Over the control database of the main server, which `url` names, whatever database it names."""
        return cls(connect(read_url(url, database=CONTROL_DATABASE), pool_size=_CONNECTIONS), servers)

    async def server_of(self, tenant_id: TenantId) -> str:
        """The name of the tenant's server; a tenant that nobody has heard of is looked for on the main one.

        Raises:
            Unavailable: the directory cannot be read, or names a server that this process was not told of.
        """
        if (kept := self._kept.get(tenant_id)) is not None:
            return kept
        chosen = sa.select(_directory.c.server).where(_directory.c.id == tenant_id)
        with unavailable_if_lost():
            async with self._control.connect() as connection:
                row = (await connection.execute(chosen)).one_or_none()
        if row is None:
            return MAIN
        server = row.server or MAIN
        if server not in self._known:
            _log.error("placement.unknown_server", tenant=str(tenant_id), server=server)
            raise Unavailable
        self._kept[tenant_id] = server
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return server

    def forget(self, tenant_id: TenantId) -> None:
        """Ask the directory anew the next time."""
        self._kept.pop(tenant_id, None)

    async def aclose(self) -> None:
        await self._control.dispose()
