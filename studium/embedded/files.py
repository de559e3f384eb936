"""Small files only their owner may read."""

import errno
import os
from pathlib import Path


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
