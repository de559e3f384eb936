"""`studium up`: embedded servers, databases, subgraphs, router and worker, supervised until told to stop."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from typing import Any, Final

from pydantic import SecretStr
from rich.console import Console

from studium.embedded import DataFolder, EmbeddedServers, FixedPorts, Ports, Supervisor, together
from studium.embedded.files import append
from studium.ending import first
from studium.keys import public_url
from studium.settings import StudiumSettings
from studium.state import State
from studium.topology import Mode, Topology
from studium.welcome import welcome

_URL_OF: Final = {"postgres": "database_url", "valkey": "redis_url", "documents": "mongo_url"}


def up(settings: StudiumSettings, *, processes: Mode, demo: bool | None) -> int:
    """Run the platform until Ctrl-C or SIGTERM; afterwards none of its processes is left.

    Args:
        settings: which servers are given; the others are embedded.
        processes: ``one`` puts the subgraphs in the router's process, ``many`` gives each its own.
        demo: whether to seed the demo tenants; None does so if the database is embedded.

    Raises:
        CannotStart: something does not come up, or does not stay up.
    """
    return asyncio.run(_Platform(settings, processes, demo=demo).run())


class _Platform:
    def __init__(self, settings: StudiumSettings, processes: Mode, *, demo: bool | None) -> None:
        self._console = Console(highlight=False)
        self._mode: Mode = processes
        self._demo = demo if demo is not None else settings.database_url is None
        self._folder = DataFolder(settings.data)
        self._supervisor = Supervisor(say=self._say)
        self._given = settings
        self._state = State(self._folder.root / "state.json", server=_name_of_server(settings))
        self._began = time.monotonic()

    async def run(self) -> int:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self._folder.open()
        try:
            if await first(self._start(), stop.wait()):
                self._console.print("Ctrl-C stops everything.", style="dim")
                await first(self._until_given_up(), stop.wait())
            self._say("Stopping …")
        finally:
            await self._supervisor.stop()
            self._folder.close()
        return 0

    async def _start(self) -> None:
        ports = Ports(self._folder)
        ports.fix("router", self._given.port, setting="--port", host=self._given.host)
        servers = self._embedded(ports)
        secret = self._given.secret or SecretStr(self._folder.secret("platform"))
        platform = Topology(self._folder, self._completed(servers, secret), ports)
        with self._console.status("Starting …"):
            if self._state.is_migrated(secret):
                await together([self._start_servers(servers), self._start_processes(platform)])
            else:
                await self._start_servers(servers)
                await self._step("databases", self._supervisor.complete(platform.migration()))
                self._state.note_migrated(secret)
                await self._start_processes(platform)
            if self._demo and not self._state.is_seeded:
                await self._step("demo tenants", self._supervisor.complete(platform.seeding()))
                self._state.note_seeded()
        welcome(self._console, platform.url, seconds=time.monotonic() - self._began, demo=self._demo)

    def _embedded(self, ports: Ports) -> EmbeddedServers:
        """The servers nobody gave a URL for."""
        wanted = [name for name, url in _URL_OF.items() if getattr(self._given, url) is None]
        chosen = {name: getattr(self._given, f"{name}_port") for name in wanted}
        fixed = FixedPorts({name: port for name, port in chosen.items() if port is not None})
        return EmbeddedServers(self._folder, ports, wanted=wanted, fixed=fixed)

    def _completed(self, servers: EmbeddedServers, secret: SecretStr) -> StudiumSettings:
        """The settings with every URL and secret filled in."""
        urls = {"database_url": servers.urls.database, "redis_url": servers.urls.redis, "mongo_url": servers.urls.mongo}
        given = self._given
        made = {name: SecretStr(url) for name, url in urls.items() if url is not None}
        made["secret"] = secret
        made["signing_key"] = given.signing_key or _signing_key(self._folder)
        made["router_key"] = given.router_key or SecretStr(_new_key())
        reached = {"data": self._folder.root, "public_url": public_url(given)}
        return given.model_copy(update={**made, **reached})

    async def _start_servers(self, servers: EmbeddedServers) -> None:
        await self._step("servers", servers.start(self._supervisor))

    async def _start_processes(self, platform: Topology) -> None:
        children = platform.processes(self._mode)
        await self._step("router, subgraphs and worker", together(map(self._supervisor.start, children)))

    async def _until_given_up(self) -> None:
        raise await self._supervisor.failed()

    async def _step(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        began = time.monotonic()
        await work
        self._console.print(f"[green]✓[/] {name} [dim]{time.monotonic() - began:.1f} s[/]")

    def _say(self, line: str) -> None:
        self._console.print(line, style="yellow", markup=False)
        with append(self._folder.logs / "supervisor.log") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n".encode())


def _name_of_server(settings: StudiumSettings) -> str:
    """Of the database server; an embedded one is the same one at any port."""
    return "embedded" if settings.database_url is None else settings.database_url.get_secret_value()


def _signing_key(folder: DataFolder) -> SecretStr:
    return SecretStr(folder.secret("signing-key.pem", _new_key))


def _new_key() -> str:
    from shared.tokens import generate_signing_key

    return generate_signing_key().get_secret_value()
