"""Who runs PostgreSQL: it refuses root, and making system users is not ours to do."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from studium.embedded.errors import CannotStart

_UNSHARE: Final = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
_NOBODY: Final = "nobody"
_PASSABLE: Final = 0o711


@dataclass(frozen=True, slots=True)
class Privileges:
    """How a program is started so that it does not find itself root.

    An ordinary user starts it directly. Root starts it in a user namespace, where it has root's access to files under
    another name; where namespaces are forbidden, as `nobody`, with a copy of the programs that `nobody` may read.
    """

    prefix: tuple[str, ...] = ()
    user: str | None = None

    @classmethod
    def of_this_user(cls) -> "Privileges":
        if os.geteuid() != 0:
            return cls()
        return cls(prefix=_UNSHARE) if _namespaces_work() else cls(user=_NOBODY)

    def readable(self, programs: Path, root: Path) -> Path:
        """The folder of programs, or a copy of the installation inside `root` when the user could not read it.

        Raises:
            CannotStart: the user cannot even reach `root`.

        """
        if self.user is None:
            return programs
        root.chmod(_PASSABLE)
        _require_passage(root, self.user)
        install = programs.parent
        copies = root / "programs"
        if not copies.exists():
            _copy(install, copies)
        return copies / install.parent.name / install.name / programs.name

    def give(self, *paths: Path) -> None:
        """Make files we created the user's own."""
        if self.user is not None:
            entry = pwd.getpwnam(self.user)
            for path in paths:
                os.chown(path, entry.pw_uid, entry.pw_gid)


@cache
def _namespaces_work() -> bool:
    if shutil.which(_UNSHARE[0]) is None:
        return False
    return subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603 - constant


def _require_passage(root: Path, user: str) -> None:
    for folder in root.parents:
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise CannotStart(
                f"PostgreSQL does not run as root, and the user {user} cannot reach {root} through {folder}; "
                "start Studium as an ordinary user, or set STUDIUM_DATA to a folder outside private ones."
            )


def _copy(install: Path, copies: Path) -> None:
    """The installation and the libraries beside it, readable for everybody; all of it or nothing."""
    unfinished = copies.with_name("programs.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    package = install.parent
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(install, unfinished / package.name / install.name)
    shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    unfinished.replace(copies)
