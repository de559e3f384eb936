"""What tests of every part share: real servers, the platform's databases, tenants, and the count of SQL statements.

Each test process (each xdist worker) has servers of its own, so that a test may look at everything they hold. They
start with the first test that asks for them.
"""

from collections.abc import Generator

import pytest

from tests.servers import Servers, run_servers


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """PostgreSQL, Valkey and the document store of this test process; they do not sync to disk."""
    with run_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running
