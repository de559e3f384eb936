"""`studium up`: embedded servers, databases, subgraphs, router and worker, supervised until told to stop."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pydantic import SecretStr
from rich.console import Console

from studium.children import Environments, process
from studium.embedded import Child, DataFolder, EmbeddedServers, FixedPorts, Ports, Supervisor
from studium.embedded.files import append, write_private
from studium.embedded.ports import LOOPBACK
from studium.platform import SUBGRAPHS, migration_folders
from studium.settings import StudiumSettings
from studium.state import State, fingerprint
from studium.welcome import welcome

Processes: TypeAlias = Literal["one", "many"]

_URL_OF: Final = {"postgres": "database_url", "valkey": "redis_url", "documents": "mongo_url"}
_CONTROL_VERSIONS: Final = Path(__file__).parent.parent / "shared" / "tenancy" / "control" / "versions"


def up(settings: StudiumSettings, *, processes: Processes, demo: bool | None) -> int:
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
    def __init__(self, settings: StudiumSettings, processes: Processes, *, demo: bool | None) -> None:
        self._console = Console(highlight=False)
        self._processes: Processes = processes
        self._demo = demo if demo is not None else settings.database_url is None
        self._folder = DataFolder(settings.data)
        self._supervisor = Supervisor(say=self._say)
        self._given = settings
        self._database = "embedded" if settings.database_url is None else settings.database_url.get_secret_value()
        self._began = time.monotonic()

    async def run(self) -> int:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self._folder.open()
        try:
            if await _first(self._start(), stop.wait()):
                self._console.print("Ctrl-C stops everything.", style="dim")
                await _first(self._until_given_up(), stop.wait())
            self._say("Stopping …")
        finally:
            await self._supervisor.stop()
            self._folder.close()
        return 0

    async def _start(self) -> None:
        ports = Ports(self._folder)
        ports.fix("router", self._given.port, setting="--port", host=self._given.host)
        servers = self._embedded()
        settings = self._completed(servers)
        await self._step("servers", servers.start(self._supervisor))
        await self._migrate(settings)
        await self._start_processes(settings, ports)
        url = f"http://{LOOPBACK}:{settings.port}/graphql"
        await self._seed(settings, url)
        welcome(self._console, url, seconds=time.monotonic() - self._began, demo=self._demo)

    def _embedded(self) -> EmbeddedServers:
        """The servers nobody gave a URL for."""
        wanted = [name for name, url in _URL_OF.items() if getattr(self._given, url) is None]
        chosen = {name: getattr(self._given, f"{name}_port") for name in wanted}
        fixed = FixedPorts({name: port for name, port in chosen.items() if port is not None})
        return EmbeddedServers(self._folder, wanted=wanted, fixed=fixed)

    def _completed(self, servers: EmbeddedServers) -> StudiumSettings:
        """The settings with every URL and secret filled in."""
        urls = {"database_url": servers.urls.database, "redis_url": servers.urls.redis, "mongo_url": servers.urls.mongo}
        given = self._given
        made = {name: SecretStr(url) for name, url in urls.items() if url is not None}
        made["secret"] = given.secret or SecretStr(self._folder.secret("platform"))
        made["signing_key"] = given.signing_key or _signing_key(self._folder)
        return given.model_copy(update={**made, "data": self._folder.root})

    async def _migrate(self, settings: StudiumSettings) -> None:
        state = State.read(self._state)
        wanted = fingerprint(_CONTROL_VERSIONS, *migration_folders().values(), server=self._database)
        if state.migrated != wanted:
            child = process(self._folder, "migrate", ("migrate",), self._environments(settings).administrator())
            await self._step("databases", self._supervisor.complete(child))
            state.migrated = wanted
            state.write(self._state)

    async def _seed(self, settings: StudiumSettings, url: str) -> None:
        state = State.read(self._state)
        if self._demo and state.seeded != fingerprint(server=self._database):
            environment = self._environments(settings).plain()
            child = process(self._folder, "seed", ("seed", "--url", url), environment)
            await self._step("demo tenants", self._supervisor.complete(child))
            state.seeded = fingerprint(server=self._database)
            state.write(self._state)

    async def _start_processes(self, settings: StudiumSettings, ports: Ports) -> None:
        worker = process(self._folder, "worker", ("worker",), self._environments(settings).administrator())
        if self._processes == "one":
            router = self._router(settings, self._environments(settings).in_process())
            await self._step("router with subgraphs, and worker", self._all([router, worker]))
            return
        listening = {name: ports.choose(f"subgraph-{name}") for name in SUBGRAPHS}
        environments = self._environments(settings, auth_port=listening["auth"])
        subgraphs = [
            process(self._folder, name, ("serve", name), environments.subgraph(name), port=port)
            for name, port in listening.items()
        ]
        await self._step("subgraphs, and worker", self._all([*subgraphs, worker]))
        router = self._router(settings, environments.router(self._write_sources(listening)))
        await self._step("router", self._supervisor.start(router))

    def _router(self, settings: StudiumSettings, environment: dict[str, str]) -> Child:
        return process(self._folder, "router", ("router",), environment, port=settings.port, host=settings.host)

    def _write_sources(self, listening: dict[str, int]) -> Path:
        from studium.subgraphs_file import Source, print_sources

        path = self._folder.root / "supergraph.yaml"
        sources = {name: Source(f"http://{LOOPBACK}:{port}/graphql") for name, port in listening.items()}
        write_private(path, print_sources(sources))
        return path

    def _environments(self, settings: StudiumSettings, *, auth_port: int | None = None) -> Environments:
        jwks = f"http://{LOOPBACK}:{auth_port}/.well-known/jwks.json" if auth_port else None
        return Environments(settings.model_copy(update={"jwks_url": jwks}))

    async def _all(self, children: Sequence[Child]) -> None:
        results = await asyncio.gather(*map(self._supervisor.start, children), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _until_given_up(self) -> None:
        raise await self._supervisor.failed()

    async def _step(self, name: str, work: Awaitable[None]) -> None:
        began = time.monotonic()
        with self._console.status(f"Starting: {name} …"):
            await work
        self._console.print(f"[green]✓[/] {name} [dim]{time.monotonic() - began:.1f} s[/]")

    def _say(self, line: str) -> None:
        self._console.print(line, style="yellow", markup=False)
        with append(self._folder.logs / "supervisor.log") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n".encode())

    @property
    def _state(self) -> Path:
        return self._folder.root / "state.json"


async def _first(work: Awaitable[None], stopped: Awaitable[object]) -> bool:
    """Run `work` unless told to stop first, and tell whether it was done.

    Raises: what `work` raises.
    """
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stopped)
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working})
        return False
    await working
    return True


def _signing_key(folder: DataFolder) -> SecretStr:
    def make() -> str:
        from shared.tokens import generate_signing_key

        return generate_signing_key().get_secret_value()

    return SecretStr(folder.secret("signing-key.pem", make))
