"""What the last start found or made, so that the next one need not look again: `state.json` in the data folder."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from studium.embedded.files import write_private


@dataclass
class State:
    """`migrated` is the fingerprint of the migrations and the server they ran on; `seeded` likewise."""

    migrated: str = ""
    seeded: str = ""

    @classmethod
    def read(cls, path: Path) -> "State":
        """A missing or damaged file knows nothing: the work is done again, which is safe."""
        with suppress(OSError, ValueError, TypeError):
            return cls(**json.loads(path.read_text()))
        return cls()

    def write(self, path: Path) -> None:
        write_private(path, json.dumps(asdict(self)) + "\n")


def fingerprint(*folders: Path, server: str) -> str:
    """Of every version file and the server they are for."""
    digest = sha256(server.encode())
    for file in sorted(path for folder in folders for path in folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
