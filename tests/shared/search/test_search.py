"""The contract of the search port, kept by every adapter whose engine is there."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from shared.caller import Caller, TenantId, service_caller
from shared.errors import Unavailable
from shared.search.elasticsearch import ElasticsearchSearch
from shared.search.port import SearchDocument, SearchIndex
from shared.search.tantivy import TantivySearch

ALGEBRA, COOKING, HISTORY = (UUID(int=number) for number in (1, 2, 3))
DOCUMENTS = (
    SearchDocument(ALGEBRA, 1, "Linear algebra", "Vectors & matrices, and how <b>they</b> are multiplied."),
    SearchDocument(COOKING, 1, "Cooking for two", "Soup needs time; the algebra of salt is learned slowly."),
    SearchDocument(HISTORY, 1, "The Élan of history", "Kingdoms rose and fell along the river."),
)


async def batches(*documents: SearchDocument) -> AsyncGenerator[Sequence[SearchDocument]]:
    """Give the documents one by one."""
    for document in documents:
        yield [document]


def free_port() -> int:
    """A port nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """An engine that speaks Elasticsearch's API."""
    if url := os.environ.get("STUDIUM_TEST_ELASTICSEARCH_URL"):
        yield url
        return
    program = shutil.which("noida-db", path=str(Path(sys.executable).parent)) or shutil.which("noida-db")
    if program is None:
        pytest.skip("no Elasticsearch: set STUDIUM_TEST_ELASTICSEARCH_URL or install noida-db")
    port, data = free_port(), tmp_path_factory.mktemp("elasticsearch")
    command = [program, "start", "--only", "elasticsearch", "--elasticsearch-port", str(port), "--data-dir", str(data)]
    with subprocess.Popen(  # noqa: S603 - ours
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as engine:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
        os.killpg(engine.pid, signal.SIGTERM)  # the program is a script that starts the engine


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(100):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)


@pytest.fixture(params=["tantivy", "elasticsearch"])
async def search(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[SearchIndex]:
    """The port, on each engine."""
    index: SearchIndex
    if request.param == "tantivy":
        index = TantivySearch(tmp_path)
    else:
        url: str = request.getfixturevalue("elasticsearch_url")
        index = ElasticsearchSearch(SecretStr(url), name=f"test-{uuid4().hex}")
    yield index
    await index.aclose()


@pytest.fixture
def school() -> Caller:
    """A tenant."""
    return service_caller(TenantId(uuid4()), "content")


@pytest.fixture
def rival() -> Caller:
    """Another tenant."""
    return service_caller(TenantId(uuid4()), "content")


@pytest.fixture
async def library(search: SearchIndex, school: Caller) -> SearchIndex:
    """The port with the school's documents in it."""
    await search.rebuild(school, batches(*DOCUMENTS))
    return search


async def found(search: SearchIndex, caller: Caller, text: str, limit: int = 10) -> list[UUID]:
    """Ids of what is found, the best first."""
    return [hit.id for hit in await search.search(caller, text, limit=limit, released_only=False)]


class TestSearch:
    async def test_the_title_counts_more_than_the_body(self, library: SearchIndex, school: Caller) -> None:
        assert await found(library, school, "algebra") == [ALGEBRA, COOKING]

    async def test_any_of_the_words_is_enough_and_more_are_better(self, library: SearchIndex, school: Caller) -> None:
        assert await found(library, school, "salt soup matrices") == [COOKING, ALGEBRA]
        assert set(await found(library, school, "river matrices")) == {HISTORY, ALGEBRA}

    async def test_case_and_accents_do_not_matter(self, library: SearchIndex, school: Caller) -> None:
        assert await found(library, school, "ELAN") == [HISTORY]
        assert await found(library, school, "Rivér") == [HISTORY]

    async def test_a_misspelt_word_is_found_after_the_exact_ones(self, library: SearchIndex, school: Caller) -> None:
        assert await found(library, school, "kingdms") == [HISTORY]
        await library.index(school, [SearchDocument(UUID(int=4), 1, "Rover", "A dog by the rover.")])
        assert await found(library, school, "river") == [HISTORY, UUID(int=4)]

    async def test_no_more_hits_than_asked_for(self, library: SearchIndex, school: Caller) -> None:
        assert await found(library, school, "algebra", limit=1) == [ALGEBRA]

    @pytest.mark.parametrize("text", ["", "  ", "!!", "zebra", 'title:"', "NOT OR (", "*", "\\", "\N{SNOWMAN}"])
    async def test_nothing_matches_nothing_and_no_text_is_an_error(
        self, library: SearchIndex, school: Caller, text: str
    ) -> None:
        assert await found(library, school, text) == []

    async def test_a_very_long_text_is_answered(self, library: SearchIndex, school: Caller) -> None:
        assert ALGEBRA in await found(library, school, "algebra " + "word " * 500)

    async def test_a_snippet_marks_what_was_found_and_escapes_the_rest(
        self, library: SearchIndex, school: Caller
    ) -> None:
        (hit,) = await library.search(school, "matrices", limit=10, released_only=False)
        assert "<mark>matrices</mark>" in hit.snippet
        assert "<b>" not in hit.snippet
        assert "&lt;b&gt;they" in hit.snippet

    async def test_a_hit_in_the_title_shows_the_opening_of_the_body(self, library: SearchIndex, school: Caller) -> None:
        (hit,) = await library.search(school, "linear", limit=10, released_only=False)
        assert hit.snippet.startswith("Vectors &amp; matrices")


class TestReleased:
    async def test_only_what_is_released_is_found_and_counts_towards_the_limit(
        self, library: SearchIndex, school: Caller
    ) -> None:
        await library.index(school, [SearchDocument(COOKING, 2, "Cooking", "The algebra of salt.", released=True)])
        (hit,) = await library.search(school, "algebra", limit=1, released_only=True)
        assert hit.id == COOKING
        assert await found(library, school, "algebra") == [ALGEBRA, COOKING]
        assert await library.search(school, "kingdoms", limit=9, released_only=True) == []
        assert await library.search(school, "zebra", limit=9, released_only=True) == []

    async def test_the_score_is_the_same(self, library: SearchIndex, school: Caller) -> None:
        await library.rebuild(school, batches(*(replace(each, released=True, version=2) for each in DOCUMENTS)))
        (of_all,) = await library.search(school, "river", limit=1, released_only=False)
        (of_released,) = await library.search(school, "river", limit=1, released_only=True)
        assert of_released.score == pytest.approx(of_all.score)

    async def test_a_release_is_a_new_version(self, library: SearchIndex, school: Caller) -> None:
        await library.index(school, [replace(DOCUMENTS[0], version=3, released=True)])
        await library.index(school, [replace(DOCUMENTS[0], version=2)])
        assert [hit.id for hit in await library.search(school, "vectors", limit=9, released_only=True)] == [ALGEBRA]


class TestIndexing:
    async def test_a_newer_version_replaces_an_older_one(self, library: SearchIndex, school: Caller) -> None:
        await library.index(school, [SearchDocument(HISTORY, 2, "Empires", "They rose.")])
        assert await found(library, school, "kingdoms") == []
        assert await found(library, school, "empires") == [HISTORY]

    async def test_an_older_version_that_comes_late_is_ignored(self, library: SearchIndex, school: Caller) -> None:
        await library.index(school, [SearchDocument(HISTORY, 3, "Empires", "They rose.")])
        await library.index(school, [SearchDocument(HISTORY, 2, "Republics", "They voted.")])
        assert await found(library, school, "republics") == []
        assert await found(library, school, "empires") == [HISTORY]

    async def test_the_same_version_may_come_twice(self, library: SearchIndex, school: Caller) -> None:
        await library.index(school, DOCUMENTS)
        assert await found(library, school, "algebra") == [ALGEBRA, COOKING]

    async def test_a_deleted_document_is_not_found(self, library: SearchIndex, school: Caller) -> None:
        await library.delete(school, [ALGEBRA, UUID(int=99)])
        assert await found(library, school, "algebra") == [COOKING]


class TestTenants:
    async def test_a_tenant_finds_its_own_only(self, library: SearchIndex, school: Caller, rival: Caller) -> None:
        await library.rebuild(rival, batches(SearchDocument(HISTORY, 1, "Rival", "Soup.")))
        assert await found(library, rival, "algebra") == []
        assert await found(library, rival, "soup") == [HISTORY]
        assert await found(library, school, "rival") == []

    async def test_deleting_in_one_tenant_leaves_the_other(
        self, library: SearchIndex, school: Caller, rival: Caller
    ) -> None:
        await library.rebuild(rival, batches(*DOCUMENTS))
        await library.delete(rival, [ALGEBRA])
        assert ALGEBRA in await found(library, school, "algebra")


class TestRebuild:
    async def test_an_index_is_built_only_by_rebuilding(self, search: SearchIndex, school: Caller) -> None:
        assert not await search.is_built(school)
        with pytest.raises(Unavailable):
            await search.search(school, "algebra", limit=1, released_only=False)
        await search.rebuild(school, batches())
        assert await search.is_built(school)
        assert await found(search, school, "algebra") == []

    async def test_a_rebuild_cut_short_leaves_the_index_missing(self, search: SearchIndex, school: Caller) -> None:
        async def broken() -> AsyncGenerator[Sequence[SearchDocument]]:
            yield DOCUMENTS[:1]
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await search.rebuild(school, broken())
        assert not await search.is_built(school)

    async def test_the_engine_answers_a_ping(self, search: SearchIndex) -> None:
        await search.ping()
