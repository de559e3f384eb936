"""Ports on the loopback interface: chosen free once, then remembered, so that URLs stay the same between starts."""

import json
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

from studium.embedded.errors import CannotStart
from studium.embedded.files import write_private
from studium.embedded.folder import DataFolder

LOOPBACK: Final = "127.0.0.1"

# Below the ports that systems give to outgoing connections (Linux: from 32768; RFC 6335, section 6: from 49152), as
# seconds pass between the choice and the listening, and the platform opens many connections meanwhile.
_CHOSEN_FROM: Final = range(20_000, 32_768)


class Ports:
    """The ports of one data folder, by the name of who listens there. Its owner has one of these, and changes it."""

    def __init__(self, folder: DataFolder) -> None:
        self._path = folder.root / "ports.json"
        self._chosen = _read(self._path)

    def remembered(self, name: str) -> int | None:
        """The port `name` had last time."""
        return self._chosen.get(name)

    def choose(self, name: str) -> int:
        """The port `name` had last time, or a free one if that is taken now."""
        port = self._chosen.get(name)
        if port is None or port in self._others(name) or not is_free(port):
            port = self._free_port(name)
        return self._remember(name, port)

    def fix(self, name: str, port: int, *, setting: str, host: str = LOOPBACK) -> int:
        """Exactly `port`, as the person asked for through `setting`.

        Raises:
            CannotStart: another program listens there.

        """
        if not is_free(port, host):
            raise CannotStart(f"Port {port} is taken by another program; free it, or choose another with {setting}.")
        return self._remember(name, port)

    def _free_port(self, name: str) -> int:
        others = self._others(name)
        while True:
            port = secrets.choice(_CHOSEN_FROM)
            if port not in others and is_free(port):
                return port

    def _others(self, name: str) -> set[int]:
        return {port for other, port in self._chosen.items() if other != name}

    def _remember(self, name: str, port: int) -> int:
        if self._chosen.get(name) != port:
            self._chosen[name] = port
            write_private(self._path, json.dumps(self._chosen, indent=2) + "\n")
        return port


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: a connection in TIME_WAIT of an earlier run does not take the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _read(path: Path) -> dict[str, int]:
    """The remembered ports; a missing or damaged file remembers nothing."""
    with suppress(OSError, ValueError):
        content: object = json.loads(path.read_text())
        if isinstance(content, dict):
            entries = cast("dict[object, object]", content)
            return {str(name): port for name, port in entries.items() if isinstance(port, int)}
    return {}
