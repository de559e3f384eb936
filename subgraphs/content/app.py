"""Composition root of the content subgraph."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import structlog

from shared.caller import TenantId, service_caller
from shared.database import Sessions
from shared.documents import Documents
from shared.events.backoff import Backoff
from shared.events.connection import connect
from shared.events.consume import Consumer
from shared.events.repeat import for_each, forever, rest
from shared.graphql.app import SubgraphApp
from shared.graphql.context import TokenVerifier, contexts
from shared.graphql.service import GraphQLService
from shared.search.port import SearchIndex
from shared.search.tantivy import TantivySearch
from shared.tenancy.registry import Registry
from shared.vectors.embeddings import Embedder
from shared.vectors.pgvector import PgVectors
from shared.vectors.port import VectorIndex
from subgraphs.content.consumers import handlers
from subgraphs.content.context import Context
from subgraphs.content.models import DOCUMENTS
from subgraphs.content.schema import build_schema
from subgraphs.content.service.indexing import Indexer
from subgraphs.content.service.storage import quotas_of
from subgraphs.content.settings import ContentSettings

_NAME = "content"
_FORGET_EVERY: Final = 3600.0
_log = structlog.get_logger("studium.content")


def create(settings: ContentSettings, *, verifier: TokenVerifier) -> SubgraphApp:
    """The content subgraph with its indexer; nothing is opened before it is started.

    Args:
        settings: its databases and search engines.
        verifier: verifies callers' tokens.
    """
    sessions = _sessions(settings)
    documents = Documents.create(settings.mongo_url, subgraph=_NAME, models=DOCUMENTS)
    tenants = Registry.create(settings.database_url)
    indexer = Indexer(documents, search=_search(settings), vectors=_vectors(settings, sessions), embedder=Embedder())

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with AsyncExitStack() as closing:
            for close in (
                sessions.aclose,
                tenants.aclose,
                documents.aclose,
                indexer.search.aclose,
                indexer.vectors.aclose,
            ):
                closing.push_async_callback(close)
            await closing.enter_async_context(_indexing(settings, documents, indexer, tenants))
            yield

    async def ready() -> None:
        async with asyncio.TaskGroup() as checks:
            for ping in (sessions.ping, documents.ping, indexer.search.ping, indexer.vectors.ping):
                checks.create_task(ping())

    context = contexts(verifier, lambda caller: Context(caller, documents, indexer, quotas_of(tenants)))
    return SubgraphApp(_NAME, GraphQLService(build_schema(), context=context), lifespan=lifespan, ready=ready)


def _search(settings: ContentSettings) -> SearchIndex:
    if settings.elasticsearch_url is None:
        return TantivySearch(settings.search_folder)
    from shared.search.elasticsearch import ElasticsearchSearch

    return ElasticsearchSearch(settings.elasticsearch_url, name=_NAME, api_key=settings.elasticsearch_api_key)


def _sessions(settings: ContentSettings) -> Sessions:
    servers = settings.database_servers
    return Sessions.create(settings.database_url, subgraph=_NAME, pool_size=settings.pool_size, servers=servers)


def _vectors(settings: ContentSettings, sessions: Sessions) -> VectorIndex:
    if settings.pinecone_host is None or settings.pinecone_api_key is None:
        return PgVectors(sessions)
    from shared.vectors.pinecone import PineconeVectors

    return PineconeVectors(settings.pinecone_host, api_key=settings.pinecone_api_key)


@asynccontextmanager
async def _indexing(
    settings: ContentSettings, documents: Documents, indexer: Indexer, registry: Registry
) -> AsyncGenerator[None]:
    """Build what is missing, and index what is revised or released, while the block runs.

    The consumer has a pool of its own: a handler holds a session while the vectors it writes need another.
    """
    sessions = _sessions(settings)
    redis = connect(settings.redis_url.get_secret_value())
    consumer = Consumer(handlers(documents, indexer), sessions=sessions, redis=redis, member=_NAME)

    async def forget() -> None:
        await _forget(consumer, registry)

    tasks = [
        asyncio.create_task(consumer.run()),
        asyncio.create_task(_build_missing(indexer, registry)),
        asyncio.create_task(forever(forget, _log)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await redis.aclose()
        await sessions.aclose()


async def _forget(consumer: Consumer, registry: Registry) -> None:
    """Drop from the inboxes what cannot come again, now and then."""

    async def forget(tenant_id: TenantId) -> None:
        await consumer.forget_old([tenant_id])

    await for_each([tenant.id for tenant in await registry.active()], forget, _log, "content.not_forgotten")
    await rest(_FORGET_EVERY)


async def _build_missing(indexer: Indexer, registry: Registry) -> None:
    """Build the indexes that are missing, one tenant after the other; new tenants get theirs when first searched."""
    backoff = Backoff(first=0.1, longest=5.0)
    while True:
        try:
            for tenant in await registry.active():
                indexing = service_caller(tenant.id, _NAME)  # lint-skip: callers-from-tokens (before anybody asks)
                await indexer.ensure_built(indexing)
        except Exception as error:  # noqa: BLE001 - tried again until every server is there
            _log.warning("content.indexes_not_built", error=repr(error))
            await backoff.pause()
        else:
            return
