"""The data folder: everything the embedded platform keeps, and the lock that makes one supervisor its owner."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from studium.embedded.errors import CannotStart
from studium.embedded.files import said, write_private
from studium.embedded.pidfile import stop_leftovers

LEAST_FREE_MEGABYTES: Final = 256
_PRIVATE: Final = 0o700
_MEGABYTE: Final = 1024 * 1024
_LEFTOVER_SECONDS: Final = 20.0


class DataFolder:
    """A private folder (mode 0700) with one subfolder for each server, `logs`, `pids` and `secrets`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._lock: int | None = None

    def open(self) -> None:
        """Create what is missing, take the lock, and stop what a killed supervisor left running.

        Raises:
            CannotStart: the folder cannot be written, its disk is full, or another supervisor has it.

        """
        try:
            for folder in (self.root, self.logs, self.pids, self._secrets):
                folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
                folder.chmod(_PRIVATE)
            self._take_lock()
        except OSError as error:
            raise CannotStart(f"The data folder {self.root} cannot be used: {said(error)}.") from error
        self._check_space()
        stop_leftovers(self.pids, patience=_LEFTOVER_SECONDS)

    def close(self) -> None:
        """Give the lock back. A supervisor that is killed gives it back too: the kernel does."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def pids(self) -> Path:
        return self.root / "pids"

    @property
    def _secrets(self) -> Path:
        return self.root / "secrets"

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_hex(32)) -> str:
        """The secret of that name, made (256 random bits) and kept the first time it is asked for."""
        if kept := self.kept_secret(name):
            return kept
        made = make()
        write_private(self._secrets / name, made)
        return made

    def kept_secret(self, name: str) -> str | None:
        """The secret of that name, if it was ever made."""
        with suppress(FileNotFoundError):
            return (self._secrets / name).read_text().strip() or None
        return None

    def _take_lock(self) -> None:
        # Not inheritable (PEP 446), so a child that outlives its supervisor does not hold the folder.
        handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(handle, 32).decode(errors="replace").strip()
            os.close(handle)
            raise CannotStart(
                f"Studium is already running on {self.root} (process {owner or 'unknown'}); "
                "stop it first, or give this one another folder with STUDIUM_DATA."
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._lock = handle

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.root).free // _MEGABYTE
        if free < LEAST_FREE_MEGABYTES:
            raise CannotStart(
                f"The disk that holds {self.root} is full: {free} MB are left and {LEAST_FREE_MEGABYTES} MB are needed."
            )
