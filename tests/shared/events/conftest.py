"""A bus on real servers."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from pydantic import SecretStr

from shared.caller import TenantId
from shared.database import Sessions
from shared.events.connection import connect
from shared.ids import uuid7
from shared.tenancy.provision import Provisioner, prepare_platform
from shared.tenancy.roles import Admin, login_url
from tests.servers import Servers
from tests.shared.events.bus import SUBGRAPHS, Bus

_SECRET = SecretStr("the secret of the tests, long enough")


@pytest.fixture(scope="session")
def prepared(servers: Servers) -> Servers:
    """The servers, with the databases of both subgraphs."""

    async def prepare() -> None:
        admin = Admin(servers.database)
        await prepare_platform(admin, _SECRET, SUBGRAPHS)
        await admin.aclose()

    asyncio.run(prepare())
    return servers


@pytest.fixture
async def bus(prepared: Servers) -> AsyncGenerator[Bus]:
    """A bus with two new tenants and nothing on it."""
    admin = Admin(prepared.database)
    bus = Bus(
        Sessions.create(login_url(prepared.database, "sender", _SECRET), subgraph="sender"),
        Sessions.create(login_url(prepared.database, "receiver", _SECRET), subgraph="receiver"),
        connect(prepared.redis),
    )
    for _ in range(2):
        tenant_id = TenantId(uuid7())
        await Provisioner(admin, SUBGRAPHS).provision(tenant_id)
        bus.tenants.append(tenant_id)
    await cast("Any", bus.redis).flushdb()
    yield bus
    await bus.redis.aclose()
    await bus.sender.aclose()
    await bus.receiver.aclose()
    await admin.aclose()
