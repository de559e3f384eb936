"""Sessions of one subgraph's process; the table of idempotency keys stands for any table of a tenant."""

import asyncio
from collections.abc import AsyncGenerator, Generator

import pytest
from pydantic import SecretStr

from shared.database import Sessions
from shared.tenancy.roles import Admin
from studium.migrating import migrate
from studium.settings import StudiumSettings
from tests.servers import run_servers
from tests.shared.tenancy.spread import SECOND, Spread, forgotten
from tests.tenants import Control


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions over one connection, so that every transaction comes after another one on it."""
    opened = Sessions.create(control.login_url("users"), subgraph="users", pool_size=1)
    yield opened
    await opened.aclose()


@pytest.fixture(scope="session")
def second_server(control: Control, tmp_path_factory: pytest.TempPathFactory) -> Generator[SecretStr]:
    """Another database server, prepared by the command that prepares every platform."""
    with run_servers(tmp_path_factory.mktemp("second"), "postgres") as servers:
        main, second = SecretStr(control.servers.database), SecretStr(servers.database)
        settings = StudiumSettings(database_url=main, database_servers={SECOND: second}, secret=control.secret)
        assert migrate(settings) == 0
        yield second


@pytest.fixture(scope="module")
def spread(control: Control, second_server: SecretStr) -> Generator[Spread]:
    """The platform on both servers."""
    yield Spread(control, second_server)
    asyncio.run(forgotten(control))


@pytest.fixture
async def both(spread: Spread) -> AsyncGenerator[Admin]:
    """The administrator's connections to both servers."""
    async with spread.admin() as opened:
        yield opened


@pytest.fixture
async def spread_sessions(spread: Spread) -> AsyncGenerator[Sessions]:
    """Of a process of the users subgraph that was told of both servers."""
    opened = spread.sessions()
    yield opened
    await opened.aclose()
