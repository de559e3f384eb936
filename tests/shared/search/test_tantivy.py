"""What only the embedded engine promises: it owns its folder, and needs no repair."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.caller import Caller, TenantId, service_caller
from shared.errors import Unavailable
from shared.search.port import SearchDocument
from shared.search.tantivy import TantivySearch

SOUP = SearchDocument(UUID(int=1), 1, "Soup", "Soup needs time.")


async def batches(*documents: SearchDocument) -> AsyncGenerator[Sequence[SearchDocument]]:
    """Give the documents at once."""
    yield documents


def files(folder: Path, pattern: str) -> list[Path]:
    """The files of that name, wherever they are in the folder."""
    return list(folder.rglob(pattern))


@pytest.fixture
def school() -> Caller:
    """A tenant."""
    return service_caller(TenantId(uuid4()), "content")


@pytest.fixture
async def search(tmp_path: Path, school: Caller) -> AsyncGenerator[TantivySearch]:
    """The engine, with the school's one document."""
    index = TantivySearch(tmp_path)
    await index.rebuild(school, batches(SOUP))
    yield index
    await index.aclose()


class TestFolder:
    async def test_an_index_is_there_after_a_restart(
        self, search: TantivySearch, school: Caller, tmp_path: Path
    ) -> None:
        await search.aclose()
        again = TantivySearch(tmp_path)
        assert [hit.id for hit in await again.search(school, "soup", limit=1, released_only=False)] == [SOUP.id]
        await again.aclose()

    async def test_a_second_owner_is_refused(self, search: TantivySearch, school: Caller, tmp_path: Path) -> None:
        second = TantivySearch(tmp_path)
        with pytest.raises(Unavailable, match="Another process owns"):
            await second.ping()
        await search.aclose()
        await second.ping()
        await second.aclose()

    @pytest.mark.parametrize("damage", ["garbage", ""])
    async def test_a_broken_index_counts_as_missing_and_is_rebuilt(
        self, search: TantivySearch, school: Caller, tmp_path: Path, damage: str
    ) -> None:
        await search.aclose()
        (meta,) = files(tmp_path, "meta.json")
        meta.write_text(damage)
        again = TantivySearch(tmp_path)
        assert not await again.is_built(school)
        await again.rebuild(school, batches(SOUP))
        assert len(await again.search(school, "soup", limit=1, released_only=False)) == 1
        await again.aclose()

    async def test_a_lost_file_makes_the_index_missing(
        self, search: TantivySearch, school: Caller, tmp_path: Path
    ) -> None:
        await search.aclose()
        for file in files(tmp_path, "*.store"):
            file.unlink()
        again = TantivySearch(tmp_path)
        assert not await again.is_built(school)
        await again.aclose()

    async def test_a_rebuild_leaves_nothing_behind(self, search: TantivySearch, school: Caller, tmp_path: Path) -> None:
        await search.rebuild(school, batches(SOUP))
        assert {path.parent.name for path in files(tmp_path, "meta.json")} == {school.tenant_id.hex}

    async def test_more_tenants_than_stay_open_are_all_answered(self, search: TantivySearch) -> None:
        callers = [service_caller(TenantId(uuid4()), "content") for _ in range(70)]
        for caller in callers:
            await search.rebuild(caller, batches(SOUP))
        assert [len(await search.search(caller, "soup", limit=1, released_only=False)) for caller in callers] == [
            1
        ] * 70
