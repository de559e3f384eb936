"""One platform with tenants for all tests of isolation, in a process of its own."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.isolation.client import Client, Spans, open_http
from tests.isolation.running import Address, run_platform
from tests.isolation.world import World, settle, sign_up


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[Address]:
    """The platform."""
    with run_platform(tmp_path_factory.mktemp("isolation") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def world(address: Address) -> World:
    """The platform and who lives there."""
    return asyncio.run(settle(address))


@pytest.fixture(scope="session")
def newcomer(address: Address) -> str:
    """The access token of the owner of a tenant with nothing in it."""

    async def sign_up_cedar() -> str:
        async with open_http() as http:
            return await sign_up(Client(http, address), "cedar")

    return asyncio.run(sign_up_cedar())


@pytest.fixture(scope="session")
def spans(address: Address) -> Spans:
    """What the platform does."""
    return Spans(Path(address.spans))


@pytest.fixture
async def client(address: Address) -> AsyncGenerator[Client]:
    """Asks the platform."""
    async with open_http() as http:
        yield Client(http, address)
