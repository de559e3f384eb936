"""A supervised server in a process that tests may kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from studium.embedded.pidfile import started
from tests.patience import PATIENCE_SECONDS

_HOST = Path(__file__).with_name("supervisor_host.py")


@dataclass(frozen=True)
class Host:
    """A supervisor's process, and what it looks after."""

    process: "subprocess.Popen[str]"
    root: Path

    def line(self) -> str:
        """The next line it says."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    @property
    def valkey(self) -> int:
        """The server's pid."""
        return self.pid("valkey")

    def pid(self, name: str) -> int:
        return int(json.loads((self.root / "pids" / f"{name}.json").read_text())["pid"])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def start_host(tmp_path: Path) -> Generator[Callable[..., Host]]:
    """Starts a supervisor on the test's data folder."""
    hosts: list[Host] = []

    def start(server: str = "valkey") -> Host:
        command = [sys.executable, str(_HOST), str(tmp_path / "data"), server]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own script
        hosts.append(Host(process, tmp_path / "data"))
        return hosts[-1]

    yield start
    for host in hosts:
        if host.process.poll() is None:
            host.stop()
        assert host.process.stdout
        host.process.stdout.close()


def sleeper() -> "subprocess.Popen[bytes]":
    """A process in a group of its own that does nothing for a minute."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    return subprocess.Popen(command, process_group=0)  # noqa: S603 - nothing in it comes from outside


def is_running(pid: int) -> bool:
    return started(pid) is not None


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Fail unless `condition` comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
