"""A library on real servers."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.database import Sessions
from shared.documents import Documents
from shared.search.tantivy import TantivySearch
from shared.vectors.embeddings import Embedder
from shared.vectors.pgvector import PgVectors
from subgraphs.content.models import DOCUMENTS
from subgraphs.content.service.indexing import Indexer
from tests.factories.content import Library
from tests.tenants import Control, Tenant


@pytest.fixture
async def documents(control: Control) -> AsyncGenerator[Documents]:
    """The documents of the content subgraph."""
    documents = Documents.create(SecretStr(control.servers.mongo), subgraph="content", models=DOCUMENTS)
    yield documents
    await documents.aclose()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The model, loaded."""
    embedder = Embedder()
    asyncio.run(embedder.embed(["load"]))
    return embedder


@pytest.fixture
async def indexer(
    control: Control, documents: Documents, embedder: Embedder, tmp_path: Path
) -> AsyncGenerator[Indexer]:
    """The indexer, with a search index of its own."""
    sessions = Sessions.create(control.login_url("content"), subgraph="content")
    search = TantivySearch(tmp_path)
    yield Indexer(documents, search=search, vectors=PgVectors(sessions), embedder=embedder)
    await search.aclose()
    await sessions.aclose()


@pytest.fixture
async def library(tenant: Tenant, documents: Documents, indexer: Indexer) -> Library:
    """A tenant without lessons."""
    await documents.provision(tenant.id)
    return Library(tenant, documents, indexer)


@pytest.fixture
async def rival(other_tenant: Tenant, documents: Documents, indexer: Indexer) -> Library:
    """Another tenant without lessons."""
    await documents.provision(other_tenant.id)
    return Library(other_tenant, documents, indexer)
