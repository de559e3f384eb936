"""A router over one library, reached without a network."""

from collections.abc import AsyncGenerator

import httpx2
import pytest
from starlette.applications import Starlette

from router.serve import Engine, Hooks, create_app, forwarding
from tests.router.serve.library import LibrarySubgraph, library_engine


@pytest.fixture
def subgraph() -> LibrarySubgraph:
    return LibrarySubgraph()


@pytest.fixture
def engine(subgraph: LibrarySubgraph) -> Engine:
    return library_engine(subgraph)


@pytest.fixture
def app(engine: Engine) -> Starlette:
    return create_app(engine, hooks=Hooks(forwarding("authorization")))


@pytest.fixture
async def client(app: Starlette) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client without headers of its own but the host."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        client.headers.clear()
        yield client
