"""What earlier starts have done, so that the next one need not do it again: `state.json` in the data folder."""

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from studium.embedded.files import write_private
from studium.platform import migration_folders

_CONTROL_VERSIONS: Final = Path(__file__).parent.parent / "shared" / "tenancy" / "control" / "versions"


class State:
    """Kept for one database server. A missing or damaged file knows nothing: the work is done again, which is safe."""

    def __init__(self, path: Path, *, server: str) -> None:
        self._path = path
        self._server = server

    def is_migrated(self, secret: SecretStr) -> bool:
        """Whether the server has had every migration there is, and its logins have the passwords made of the secret."""
        return self._read().get("migrated") == self._migrations(secret)

    def note_migrated(self, secret: SecretStr) -> None:
        self._write(migrated=self._migrations(secret))

    @property
    def is_seeded(self) -> bool:
        """Whether the server has had the demo tenants, even if they were removed since."""
        return self._read().get("seeded") == _digest(self._server)

    def note_seeded(self) -> None:
        self._write(seeded=_digest(self._server))

    def _migrations(self, secret: SecretStr) -> str:
        folders = [_CONTROL_VERSIONS, *migration_folders().values()]
        files = sorted(path for folder in folders for path in folder.glob("*.py"))
        return _digest(self._server, secret.get_secret_value(), *(file.read_text() for file in files))

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return dict(json.loads(self._path.read_text()))
        return {}

    def _write(self, **changes: str) -> None:
        write_private(self._path, json.dumps(self._read() | changes) + "\n")


def _digest(*texts: str) -> str:
    return sha256("\0".join(texts).encode()).hexdigest()
