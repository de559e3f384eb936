"""The embedded servers together: which are wanted, where they listen, and their start at the same time."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from studium.embedded.document_store import DocumentStore
from studium.embedded.folder import DataFolder
from studium.embedded.ports import Ports
from studium.embedded.postgres import Postgres
from studium.embedded.supervisor import Supervisor, together
from studium.embedded.valkey import Valkey

Server: TypeAlias = Postgres | Valkey | DocumentStore
KINDS: Final[tuple[type[Server], ...]] = (Postgres, Valkey, DocumentStore)
ALL: Final = frozenset(kind.name for kind in KINDS)


@dataclass(frozen=True, slots=True)
class FixedPorts:
    """Ports the person chose, by server; the others are found free. `setting` names where each was chosen."""

    ports: dict[str, int] = field(default_factory=dict[str, int])
    setting: str = "STUDIUM_{}_PORT"


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """Where the embedded servers answer; None for one that is not ours. Each holds its password."""

    database: str | None = field(repr=False)
    redis: str | None = field(repr=False)
    mongo: str | None = field(repr=False)


class EmbeddedServers:
    """The servers of one data folder.

    `durable` False trades safety for speed, for tests: nothing is synced to disk.
    """

    def __init__(
        self,
        folder: DataFolder,
        ports: Ports,
        *,
        wanted: Collection[str] = ALL,
        fixed: FixedPorts | None = None,
        durable: bool = True,
    ) -> None:
        self._servers = {
            kind.name: kind(folder, _port(kind.name, ports, fixed or FixedPorts()), durable=durable)
            for kind in KINDS
            if kind.name in wanted
        }

    @property
    def urls(self) -> ServerUrls:
        """Known before the servers run."""
        return ServerUrls(*(self._url(kind.name) for kind in KINDS))

    async def start(self, supervisor: Supervisor) -> None:
        """Prepare and start all of them at the same time.

        Raises:
            CannotStart: one does not come up; the supervisor still owns those that did.

        """
        await together(self._start(server, supervisor) for server in self._servers.values())

    async def _start(self, server: Server, supervisor: Supervisor) -> None:
        await supervisor.start(await server.prepare())

    def _url(self, name: str) -> str | None:
        server = self._servers.get(name)
        return server.url if server is not None else None


def _port(name: str, ports: Ports, fixed: FixedPorts) -> int:
    chosen = fixed.ports.get(name)
    if chosen is None:
        return ports.choose(name)
    return ports.fix(name, chosen, setting=fixed.setting.format(name.upper()))
