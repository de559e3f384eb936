"""Which processes make the platform, in either mode, and how each is started."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from studium.children import Environments, server, step, worker
from studium.embedded import Child, DataFolder, Ports
from studium.embedded.files import write_private
from studium.embedded.ports import LOOPBACK
from studium.platform import SUBGRAPHS
from studium.settings import StudiumSettings

Mode: TypeAlias = Literal["one", "many"]
"""Subgraphs in the router's process, or each in one of its own."""


@dataclass(frozen=True, slots=True)
class Topology:
    """The platform's own processes, for settings in which every URL and secret is filled in."""

    folder: DataFolder
    settings: StudiumSettings
    ports: Ports

    @property
    def url(self) -> str:
        """Where clients reach the graph from this machine."""
        return f"http://{LOOPBACK}:{self.settings.port}/graphql"

    def migration(self) -> Child:
        return step(self.folder, "migrate", self._environments().administrator())

    def seeding(self) -> Child:
        return step(self.folder, "seed", self._environments().plain(), "--url", self.url)

    def processes(self, mode: Mode) -> list[Child]:
        """The processes that keep running."""
        hand = worker(self.folder, self._environments().administrator(), self.ports.choose("worker"))
        if mode == "one":
            return [hand, self._router(self._environments().in_process())]
        listening = {name: self.ports.choose(f"subgraph-{name}") for name in SUBGRAPHS}
        environments = self._environments(auth_port=listening["auth"])
        subgraphs = [
            server(self.folder, ("serve", name), environments.subgraph(name), port=port)
            for name, port in listening.items()
        ]
        return [hand, *subgraphs, self._router(environments.router(self._write_sources(listening)))]

    def _router(self, environment: dict[str, str]) -> Child:
        return server(self.folder, ("router",), environment, port=self.settings.port, host=self.settings.host)

    def _write_sources(self, listening: dict[str, int]) -> Path:
        from studium.subgraphs_file import Source, print_sources

        path = self.folder.root / "supergraph.yaml"
        sources = {name: Source(f"http://{LOOPBACK}:{port}/graphql") for name, port in listening.items()}
        write_private(path, print_sources(sources))
        return path

    def _environments(self, *, auth_port: int | None = None) -> Environments:
        jwks = f"http://{LOOPBACK}:{auth_port}/.well-known/jwks.json" if auth_port else None
        return Environments(self.settings.model_copy(update={"jwks_url": jwks}))
