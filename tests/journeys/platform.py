"""A running platform: the real command, its real processes, on a data folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from studium.embedded.pidfile import started

_START_SECONDS = 120
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Platform:
    """`studium up`, from when it answers until it is stopped."""

    process: "subprocess.Popen[bytes]"
    port: int
    data: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    def pid(self, name: str) -> int:
        """The process that is `name` at the moment."""
        return int(json.loads((self.data / "pids" / f"{name}.json").read_text())["pid"])

    def pids(self) -> list[int]:
        """All processes of it at the moment."""
        files = (self.data / "pids").glob("*.json")
        return [self.process.pid, *(int(json.loads(each.read_text())["pid"]) for each in files)]

    def kill(self, name: str) -> int:
        """As `kill -9` does; the supervisor is not told. The pid that was killed."""
        victim = self.pid(name)
        os.kill(victim, signal.SIGKILL)
        return victim

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_SECONDS)


@contextmanager
def running(data: Path, *options: str) -> Generator[Platform]:
    """The platform on a free port; told to end if it still runs at the end, which it does and leaves nobody behind."""
    port = free_port()
    command = [sys.executable, "-m", "studium", "up", "--port", str(port), *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    output = data.with_suffix(".out")
    with output.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment | {"STUDIUM_DATA": str(data)}, stdout=log, stderr=log
        )
    try:
        _wait_until_up(process, output)
        platform = Platform(process, port, data)
        yield platform
        if process.poll() is None:
            everybody = platform.pids()
            assert platform.stop() == 0
            assert running_of(everybody) == []
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_SECONDS)


def _wait_until_up(process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while b"Ctrl-C stops everything" not in output.read_bytes():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)


def running_of(pids: list[int]) -> list[int]:
    """Those of the processes that still run."""
    return [pid for pid in pids if started(pid) is not None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered well."""
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310 - http on loopback
            return response.status == 200
    except (URLError, OSError):
        return False
