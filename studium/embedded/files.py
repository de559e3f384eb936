"""Small files only their owner may read."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

_LARGEST_LOG: Final = 16 * 1024 * 1024


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def said(error: OSError) -> str:
    """What the operating system said, as a clause: ``the disk is full``, ``Permission denied (path)``."""
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    reason = error.strerror or str(error)
    return f"{reason} ({error.filename})" if error.filename else reason


def append(log: Path) -> BinaryIO:
    """Open for appending, so that a log cut short from outside goes on at its new end; a large one starts afresh."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
