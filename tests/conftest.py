"""What tests of every part share: real servers, the platform's databases, tenants, and the count of SQL statements.

Each test process (each xdist worker) has servers of its own, so that a test may look at everything they hold. They
start with the first test that asks for them.
"""

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_HOST = Path(__file__).with_name("server_host.py")
_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Servers:
    """URLs of the real servers, as their administrator."""

    database: str = field(repr=False)
    redis: str = field(repr=False)
    mongo: str = field(repr=False)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """PostgreSQL, Valkey and the document store of this test process; they do not sync to disk."""
    folder = tmp_path_factory.mktemp("servers")
    with subprocess.Popen(
        [sys.executable, str(_HOST), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdin
        assert host.stdout
        line = host.stdout.readline()
        if not line:
            pytest.fail(f"the servers did not start (status {host.wait()}): look at {folder}/logs")
        yield Servers(**json.loads(line))
        host.stdin.close()
        host.wait(_STOP_SECONDS)


class Queries(list[str]):
    """The SQL statements sent, in order; taking on a tenant's role is not one of them."""
