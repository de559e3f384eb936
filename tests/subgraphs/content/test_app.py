"""The running application: what is saved is found, by way of the outbox, the stream and the consumer."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from shared.caller import Caller, TenantId
from shared.events.connection import connect
from shared.events.documents import DocumentSource
from shared.events.event import Recorded
from shared.events.relay import Relay
from shared.events.streams import append, stream_of
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.jwks import LocalKeys
from shared.search.analysis import LAYOUT
from shared.tokens import TokenIssuer, TokenVerifier, generate_signing_key
from subgraphs.content.app import create
from subgraphs.content.settings import ContentSettings
from tests.factories.content import Library
from tests.patience import PATIENCE_SECONDS
from tests.tenants import Control

SAVE = """mutation($title: String!) {
  saveLesson(input: {title: $title, blocks: [{text: {markdown: "Vectors."}}]}) { lesson { id } }
}"""
SEARCH = '{ search(query: "vectors", mode: TEXT) { item { title } } }'


@pytest.fixture
def settings(control: Control, tmp_path: Path) -> ContentSettings:
    """The test servers, and a folder for the index."""
    return ContentSettings(
        database_url=control.login_url("content"),
        mongo_url=SecretStr(control.servers.mongo),
        redis_url=SecretStr(control.servers.redis),
        search_folder=tmp_path / "search",
    )


@pytest.fixture
def issuer() -> TokenIssuer:
    """Signs tokens."""
    return TokenIssuer(generate_signing_key())


@pytest.fixture
def headers(issuer: TokenIssuer, library: Library) -> dict[str, str]:
    """The headers of the library's author."""
    return headers_of(issuer, library.author)


def headers_of(issuer: TokenIssuer, caller: Caller) -> dict[str, str]:
    """The headers of somebody who has signed in."""
    token = issuer.issue(
        caller.tenant_id, caller.require_user(), uuid7(), role=caller.role, scopes=caller.scopes
    ).access_token
    return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def running(settings: ContentSettings, issuer: TokenIssuer) -> AsyncGenerator[SubgraphApp]:
    """The application, started."""
    app = create(settings, verifier=TokenVerifier(LocalKeys(issuer.public_keys)))
    await app.start()
    try:
        yield app
    finally:
        await app.aclose()


@pytest.fixture
async def relay(library: Library, settings: ContentSettings) -> AsyncGenerator[Relay]:
    """A relay of the library's outbox, running."""

    async def tenants() -> list[TenantId]:
        return [library.tenant.id]

    redis = connect(settings.redis_url.get_secret_value())
    relay = Relay(DocumentSource(library.documents, tenants), redis, round_every=0.5)
    task = asyncio.create_task(relay.run())
    yield relay
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await redis.aclose()


async def titles(app: SubgraphApp, headers: dict[str, str]) -> list[str]:
    """What a search finds now."""
    answer: Any = await app.service.execute(SEARCH, headers=headers)
    return [hit["item"]["title"] for hit in answer["data"]["search"]]


async def until_found(app: SubgraphApp, headers: dict[str, str], title: str) -> None:
    """Wait for the indexer; a test's timeout ends it."""
    while await titles(app, headers) != [title]:  # noqa: ASYNC110 - nobody tells when
        await asyncio.sleep(0.05)


async def until_built(index: Path) -> None:
    """Wait for the files of an index."""
    while not await asyncio.to_thread(index.exists):  # noqa: ASYNC110 - nobody tells when
        await asyncio.sleep(0.05)


class TestIndexing:
    async def test_what_is_saved_is_found(
        self, settings: ContentSettings, issuer: TokenIssuer, headers: dict[str, str], relay: Relay
    ) -> None:
        async with running(settings, issuer) as app, asyncio.timeout(PATIENCE_SECONDS):
            assert await app.ready()
            assert await titles(app, headers) == []
            await app.service.execute(SAVE, {"title": "Algebra"}, headers=headers)
            await until_found(app, headers, "Algebra")

    @pytest.mark.parametrize("topic", ["courses.course-published.v1", "courses.module-changed.v1"])
    async def test_what_stands_in_a_published_course_is_found_by_everybody(
        self, settings: ContentSettings, issuer: TokenIssuer, library: Library, topic: str
    ) -> None:
        lesson = await library.lesson("Algebra", "Vectors.")
        learner = headers_of(issuer, library.reader)
        payload = msgspec.json.encode({"item_ids": [lesson.id], "title": "unknown to this consumer"})
        redis = connect(settings.redis_url.get_secret_value())
        async with running(settings, issuer) as app, asyncio.timeout(PATIENCE_SECONDS):
            assert await titles(app, learner) == []
            await append(redis, stream_of("courses"), [Recorded(uuid7(), library.tenant.id, topic, payload)])
            await until_found(app, learner, "Algebra")
        await redis.aclose()

    async def test_a_lost_index_is_built_again_at_the_start(
        self, settings: ContentSettings, issuer: TokenIssuer, headers: dict[str, str], library: Library
    ) -> None:
        await library.lesson("Algebra", "Vectors.")  # before it starts to build what is missing
        async with running(settings, issuer) as app:
            assert await titles(app, headers) == ["Algebra"]
        await asyncio.to_thread(shutil.rmtree, settings.search_folder)
        async with running(settings, issuer) as app, asyncio.timeout(PATIENCE_SECONDS):
            await until_built(settings.search_folder / LAYOUT / library.tenant.id.hex)
            assert await titles(app, headers) == ["Algebra"]

    async def test_what_was_saved_while_the_subgraph_was_away_is_found_when_it_is_back(
        self,
        settings: ContentSettings,
        issuer: TokenIssuer,
        headers: dict[str, str],
        library: Library,
        relay: Relay,
    ) -> None:
        async with running(settings, issuer) as app:
            assert await titles(app, headers) == []
        await library.lesson("Algebra", "Vectors.")
        async with running(settings, issuer) as app, asyncio.timeout(PATIENCE_SECONDS):
            await until_found(app, headers, "Algebra")

    async def test_a_second_process_is_not_ready(self, settings: ContentSettings, issuer: TokenIssuer) -> None:
        async with running(settings, issuer) as first, running(settings, issuer) as second:
            assert await first.ready()
            assert not await second.ready()
