"""Real servers for tests: their URLs, their host process, and the count of what is asked of them."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_HOST = Path(__file__).with_name("server_host.py")
_STOP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Servers:
    """URLs of the real servers, as their administrator."""

    database: str = field(repr=False)
    redis: str = field(repr=False)
    mongo: str = field(repr=False)


@contextmanager
def run_servers(folder: Path, *wanted: str) -> Generator[Servers]:
    """Servers in a process of their own, which ends with this one however this one ends: all of them, or some."""
    command = [sys.executable, str(_HOST), str(folder), *wanted]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:  # noqa: S603 - ours
        assert host.stdin
        assert host.stdout
        line = host.stdout.readline()
        assert line, f"the servers did not start (status {host.wait()}): look at {folder}/logs"
        yield Servers(**json.loads(line))
        host.stdin.close()
        host.wait(_STOP_SECONDS)
