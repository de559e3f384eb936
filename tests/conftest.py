"""What tests of every part share: real servers, the platform's databases, tenants, and the count of SQL statements.

Each test process (each xdist worker) has servers of its own, so that a test may look at everything they hold. They
start with the first test that asks for them.
"""

import gc
from collections.abc import AsyncGenerator, Generator

import pytest
import structlog
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.engine import Engine
from xdist.remote import Producer

from studium.platform import migrations
from tests.distribution import FileScheduling
from tests.queries import Queries
from tests.servers import Servers, run_servers
from tests.tenants import Control, Tenant

# How long an example takes says nothing on a busy machine.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

# As structlog does where nobody configures it, but without every frame's locals: that takes a second an exception.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no cycles among what is imported: it never goes away, and to look takes a sixth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling | None:
    """Files stay in one piece where groups do."""
    return FileScheduling(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """PostgreSQL, Valkey and the document store of this test process; they do not sync to disk."""
    with run_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running


@pytest.fixture(scope="session")
def control(servers: Servers) -> Generator[Control]:
    """The platform's databases, migrated."""
    tables = [one for one in migrations() if one.versions.is_dir()]
    with Control.prepared(servers, SecretStr("0" * 64), tables) as control:
        yield control


@pytest.fixture
async def tenant(control: Control) -> AsyncGenerator[Tenant]:
    """A tenant with nothing in it."""
    async with control.tenant() as one:
        yield one


@pytest.fixture
async def other_tenant(control: Control) -> AsyncGenerator[Tenant]:
    """Another tenant with nothing in it."""
    async with control.tenant() as one:
        yield one


@pytest.fixture
def queries() -> Generator[Queries]:
    """The SQL statements any engine has sent since the test began; `clear()` it before what is measured."""
    seen = Queries()
    event.listen(Engine, "before_cursor_execute", seen.note)
    yield seen
    event.remove(Engine, "before_cursor_execute", seen.note)
