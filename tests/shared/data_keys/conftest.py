"""A subgraph that keeps secrets, a tenant in it, and a KMS that runs."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy.orm import Mapped, mapped_column

from shared.caller import Caller, TenantId, service_caller
from shared.data_keys import DataKeys, LocalMasterKey, Protected, ProtectedText
from shared.data_keys.columns import ProtectedTable, protected_tables
from shared.data_keys.store import data_keys_table
from shared.database import Base, Sessions, subgraph_metadata
from shared.ids import uuid7
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.provision import Provisioner, prepare_platform
from shared.tenancy.roles import Admin, login_url
from tests.servers import Servers
from tests.shared.data_keys.kms_server import kms_app

SECRET = SecretStr("the secret of the tests, long enough")
MIGRATIONS = SubgraphMigrations("secrets", Path(__file__).parent / "versions")


class Model(Base):
    __abstract__ = True
    metadata = subgraph_metadata()


data_keys_table(Model.metadata)


class Note(Model):
    __tablename__ = "notes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    secret: Mapped[Protected] = mapped_column(ProtectedText)
    address: Mapped[Protected | None] = mapped_column(ProtectedText(earlier="note-address"))


@pytest.fixture(scope="session")
def database(servers: Servers) -> Servers:
    """The servers, with the database of the secrets."""

    async def prepare() -> None:
        admin = Admin(servers.database)
        await prepare_platform(admin, SECRET, [MIGRATIONS])
        await admin.aclose()

    asyncio.run(prepare())
    return servers


@pytest.fixture
async def sessions(database: Servers) -> AsyncGenerator[Sessions]:
    """Sessions of the subgraph's login role."""
    opened = Sessions.create(login_url(database.database, "secrets", SECRET), subgraph="secrets", pool_size=3)
    yield opened
    await opened.aclose()


async def a_tenant(database: Servers) -> Caller:
    """A service of a new tenant."""
    tenant_id = TenantId(uuid7())
    admin = Admin(database.database)
    await Provisioner(admin, [MIGRATIONS]).provision(tenant_id)
    await admin.aclose()
    return service_caller(tenant_id, "tests")


@pytest.fixture
async def caller(database: Servers) -> Caller:
    """A service of a tenant with nothing in it."""
    return await a_tenant(database)


@pytest.fixture
async def other_caller(database: Servers) -> Caller:
    """The same of another tenant."""
    return await a_tenant(database)


@pytest.fixture
def master() -> LocalMasterKey:
    """A master key of one secret."""
    return LocalMasterKey([SecretStr("m" * 32)])


@pytest.fixture
def keys(master: LocalMasterKey) -> DataKeys:
    """The data keys of the subgraph's process."""
    return DataKeys(master, subgraph="secrets")


@pytest.fixture
def notes() -> ProtectedTable:
    """The subgraph's only table with something encrypted."""
    [table] = protected_tables(Model.metadata)
    assert isinstance(table.table, sa.Table)
    return table


@pytest.fixture
async def kms_url() -> AsyncGenerator[str]:
    """A server of the API of AWS KMS."""
    async with TestServer(kms_app()) as server:
        yield str(server.make_url("")).rstrip("/")
