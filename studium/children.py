"""The platform's own processes: their commands and what each is told. Nobody is told more than it needs."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from studium.embedded import Child, DataFolder
from studium.embedded.child import Probe
from studium.embedded.pidfile import PidFile
from studium.embedded.ports import LOOPBACK
from studium.master_key import MasterKeySettings
from studium.probing import answers, is_alive, listens
from studium.settings import StudiumSettings

SUBGRAPH_STAGE: Final = 1
ROUTER_STAGE: Final = 2
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
_PREFIX: Final = "STUDIUM_"
_HEALTH: Final = "/health"
_SEARCH: Final = ("elasticsearch_url", "elasticsearch_api_key", "pinecone_host", "pinecone_api_key")
_CHOSEN: Final = "breached_passwords"
"""A setting of everybody before whom people choose passwords."""
_SIGN_IN: Final = (_CHOSEN, "private_identity_providers")
_MAIL: Final = ("mail_url", "mail_sender", "client_url")
APART: Final = ("workers", "schema_poll_seconds")
"""Settings of a router whose subgraphs are behind HTTP."""
ROUTER: Final = (
    "router_config",
    "operation_cost",
    "tenant_requests_per_minute",
    "tenant_cost_per_minute",
    "address_requests_per_minute",
    "tell_cost",
    "metrics_port",
    "trace_ratio",
    "metering",
)
"""Settings that are the router's business alone."""
_START_SECONDS: Final = 180.0
"""For one that hangs; one that fails is noticed at once. Ten that start together on a busy machine take long."""
_STOP_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True)
class Environments:
    """What each kind of process is told through its environment."""

    settings: StudiumSettings
    """With every URL and secret filled in."""

    def administrator(self) -> dict[str, str]:
        """For processes that create databases and tenants."""
        urls = {name: url.get_secret_value() for name, url in self.settings.database_servers.items()}
        told = self._of("database_url", "mongo_url", *_SEARCH, *_MAIL, "private_identity_providers")
        return told | _servers(urls) | self._signing() | _master_key()

    def in_process(self) -> dict[str, str]:
        """For a router with all subgraphs inside."""
        told = self._of("mongo_url", *_SEARCH, *ROUTER, *_SIGN_IN) | self._database() | self._signing()
        return told | _told("auth") | _master_key()

    def subgraph(self, name: str) -> dict[str, str]:
        """For a subgraph by itself: its own login, and only what is its business beside."""
        told = self._database() | self._answering()
        match name:
            case "auth":
                return self._of(*_SIGN_IN) | told | self._signing() | _told("auth") | _master_key()
            case "users":
                return self._of(_CHOSEN) | told | self._verifying() | _master_key()
            case "content":
                return self._of("mongo_url", *_SEARCH) | told | self._verifying()
            case _:
                return self._of() | told | self._verifying()

    def router(self, subgraphs: Path) -> dict[str, str]:
        """For a router whose subgraphs are behind HTTP; it verifies tokens, and knows no secret but its own key.

        And the way to Redis, where rates are counted and sign-outs are told.
        """
        own = {f"{_PREFIX}ROUTER_KEY": _plain(self.settings.router_key) or ""}
        return (
            self._only("otlp_endpoint", "redis_url", "public_url", *APART, *ROUTER)
            | self._verifying()
            | own
            | {f"{_PREFIX}SUBGRAPHS": str(subgraphs)}
        )

    def plain(self) -> dict[str, str]:
        """For a client of the graph: what it inherits, and nothing of ours."""
        return {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}

    def _of(self, *names: str) -> dict[str, str]:
        return self._only("redis_url", "secret", "data", "otlp_endpoint", "public_url", *names)

    def _only(self, *names: str) -> dict[str, str]:
        values = {name: _plain(getattr(self.settings, name)) for name in names}
        return self.plain() | {f"{_PREFIX}{name.upper()}": value for name, value in values.items() if value is not None}

    def _database(self) -> dict[str, str]:
        host = _without_login(_plain(self.settings.database_url) or "")
        urls = {name: url.get_secret_value() for name, url in self.settings.database_servers.items()}
        others = {name: f"postgresql://{_without_login(url)}" for name, url in urls.items()}
        return {f"{_PREFIX}DATABASE_HOST": host} | _servers(others)

    def _signing(self) -> dict[str, str]:
        return {f"{_PREFIX}SIGNING_KEY": _plain(self.settings.signing_key) or ""}

    def _answering(self) -> dict[str, str]:
        """Whom a subgraph answers: the router alone."""
        from shared.router_tokens import public_keys

        key = self.settings.router_key
        return {} if key is None else {f"{_PREFIX}ROUTER_KEYS": public_keys(key)}

    def _verifying(self) -> dict[str, str]:
        return {f"{_PREFIX}JWKS_URL": self.settings.jwks_url or ""}


def _without_login(url: str) -> str:
    """The address of a server, and what its URL says of TLS."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.netloc.rpartition("@")[2], parts.query, "")).lstrip("/")


def _servers(urls: Mapping[str, str]) -> dict[str, str]:
    """The database servers beside the main one."""
    return {f"{_PREFIX}DATABASE_SERVERS": json.dumps(urls)} if urls else {}


def _told(subgraph: str) -> dict[str, str]:
    """What this process was told for a subgraph alone."""
    return {name: value for name, value in os.environ.items() if name.startswith(f"{_PREFIX}{subgraph.upper()}_")}


def _master_key() -> dict[str, str]:
    """Where the master key is, as this process was told: for those that open tenants' data keys."""
    names = {f"{_PREFIX}{name.upper()}" for name in MasterKeySettings.model_fields}
    return {name: value for name, value in os.environ.items() if name in names}


def step(folder: DataFolder, name: str, environment: Mapping[str, str], *options: str) -> Child:
    """The command `name`, which does something and ends."""
    return _process(folder, name, (name, *options), environment, probe=is_alive)


def worker(folder: DataFolder, environment: Mapping[str, str], port: int) -> Child:
    """The worker, which says at `port` whether everything it does is going on."""
    told = {**environment, f"{_PREFIX}WORKER_PORT": str(port)}
    return _process(folder, "worker", ("worker",), told, probe=answers(port, _HEALTH), health=listens(port))


def server(
    folder: DataFolder, command: tuple[str, ...], environment: Mapping[str, str], *, port: int, host: str = LOOPBACK
) -> Child:
    """A process that answers GraphQL; it is called as the last word of its command."""
    name, listen = command[-1], ("--port", str(port), "--host", host)
    return _process(folder, name, (*command, *listen), environment, probe=answers(port, _HEALTH, _reachable(host)))


def _process(
    folder: DataFolder,
    name: str,
    command: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    probe: Probe,
    health: Probe | None = None,
) -> Child:
    return Child(
        name=name,
        command=(sys.executable, "-m", "studium", *command),
        probe=probe,
        health=health,
        log=folder.logs / f"{name}.log",
        pid_file=PidFile(folder.pids / f"{name}.json"),
        environment=environment,
        stage=ROUTER_STAGE if name == "router" else SUBGRAPH_STAGE,
        start_seconds=_START_SECONDS,
        stop_seconds=_STOP_SECONDS,
    )


def _reachable(host: str) -> str:
    """Where to ask somebody who listens on every address."""
    return LOOPBACK if host in _EVERYWHERE else host


def _plain(value: object) -> str | None:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return None if value is None else str(value)
