"""The whole platform, running for as long as something of it is measured."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.bench import processes

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform: its process, its port, seconds from start to the first answer."""

    process: subprocess.Popen[bytes]
    port: int
    seconds: float


@contextmanager
def running(data: Path, mode: str, *options: str) -> Generator[Platform]:
    """The platform from the moment it answers; stopped and waited for at the end.

    Args:
        data: its folder.
        mode: of `--processes`.
        options: others of `studium up`.
    """
    (port,) = processes.free_ports(1)
    began = time.perf_counter()
    command = [sys.executable, "-m", "studium", "up", "--processes", mode, "--port", str(port), *options]
    log = data.with_suffix(".log").open("ab")
    with log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=ROOT, env={**os.environ, "STUDIUM_DATA": str(data)}, stdout=log, stderr=log
        )
    try:
        wait_until_ready(process, port)
        yield Platform(process, port, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Ask until a query is answered, for at most two minutes."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            if ask(port, "{ __typename }").get("data"):
                return
        except (URLError, OSError):
            time.sleep(0.02)
    message = f"the platform did not start; exit status {process.poll()}"
    raise RuntimeError(message)


def ask(port: int, query: str, variables: dict[str, str] | None = None) -> dict[str, Any]:
    """The answer to one anonymous operation."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = Request(f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)
