"""Where the platform under test is, and how it is started in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_STOP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Address:
    """Where everything is.

    Attributes:
        router: host and port that clients ask.
        subgraphs: host and port of what stands behind the router: `/courses/graphql`.
        router_key: PEM of the private key that the router signs its requests to subgraphs with.
        spans: the file that its traces go to, a line each span.
        routes: what the router serves of tenants beside the graph: `GET /t/{slug}/oauth/jwks`.
        database: URL of PostgreSQL, as its administrator; `redis` and `mongo` likewise.
    """

    router: str
    subgraphs: str
    router_key: str = field(repr=False)
    spans: str
    routes: list[str] = field(repr=False)
    database: str = field(repr=False)
    redis: str = field(repr=False)
    mongo: str = field(repr=False)
    log: str = ""
    """The file that the platform's log goes to."""


@contextmanager
def run_platform(folder: Path) -> Generator[Address]:
    """The platform in a process of its own, which ends with this one however this one ends."""
    command = [sys.executable, "-m", "tests.isolation.host", str(folder)]
    path = folder.with_suffix(".log")
    with (
        path.open("w") as log,
        subprocess.Popen(  # noqa: S603 - ours
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=_ROOT
        ) as host,
    ):
        assert host.stdin
        assert host.stdout
        line = host.stdout.readline()
        assert line, f"the platform did not start (status {host.wait()}): {path.read_text()[-2000:]}"
        yield Address(**(json.loads(line) | {"log": str(path)}))
        host.stdin.close()
        host.wait(_STOP_SECONDS)
