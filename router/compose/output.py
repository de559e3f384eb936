"""Write what was composed, whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from router.compose.config import ConfigError


def write_files(texts: Iterable[tuple[Path, str]]) -> None:
    """Write files so that nobody ever sees half of one, and none if one of them cannot be.

    Raises:
        ConfigError: a file cannot be written.

    """
    staged: list[_Staged] = []
    try:
        for path, text in texts:
            staged.append(_Staged(path))
            staged[-1].fill(text)
        for file in staged:
            file.put()
    finally:
        for file in staged:
            file.drop()


class _Staged:
    """What a file is to hold, beside it until all is ready."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = ""
        self._beside: Path | None = None

    def fill(self, text: str) -> None:
        """Make the text ready, where there is a file to replace and no device or pipe to write to."""
        self._text = text
        try:
            # what a link points to is written, and the link stays
            target = self._path.resolve()
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not _is_stream(self._path, target):
                self._beside = _write_beside(target, text)
        except OSError as error:
            raise self._failure(error) from error

    def put(self) -> None:
        """Put the text in its place."""
        try:
            if self._beside is None:
                self._path.write_text(self._text, encoding="utf-8")
            else:
                self._beside.replace(self._path.resolve())
        except OSError as error:
            raise self._failure(error) from error

    def drop(self) -> None:
        """Leave nothing beside the file."""
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> ConfigError:
        return ConfigError(f"Cannot write {self._path}: {error.strerror}.")


def _is_stream(path: Path, target: Path) -> bool:
    """Whether what is written goes through a device, a pipe or what the process has open, as `/dev/stdout`."""
    through = path.absolute().parts[1:2] in {("dev",), ("proc",)}
    return through or (target.exists() and not target.is_file())


def _write_beside(target: Path, text: str) -> Path:
    """A new file with the text, of the rights that `target` has or would get."""
    rights = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(text)
            file.flush()  # a full disk shows here, where the file can still be taken away
        except OSError:
            beside.unlink()
            raise
    beside.chmod(rights)
    return beside


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
