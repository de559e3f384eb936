"""What can be done with content, and when it is refused."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import BadUserInput, Forbidden, NotFound, VersionConflict
from shared.events.documents import OutboxEntry
from shared.idempotency import IdempotencyKeyReused
from shared.ids import uuid7
from subgraphs.content.models import CodeBlock, TextBlock, VideoBlock
from subgraphs.content.service import finding, releasing
from subgraphs.content.service.finding import SearchMode
from subgraphs.content.store import LessonStore
from tests.factories.content import Library


async def told(library: Library) -> list[dict[str, Any]]:
    """The payloads recorded so far."""
    async with library.documents.read(library.author) as documents:
        entries = await documents.of(OutboxEntry).find_all().sort("+_id").to_list()
    return [json.loads(entry.payload) for entry in entries]


class TestSaveLesson:
    async def test_a_new_lesson_is_its_first_revision_and_told(self, library: Library) -> None:
        lesson = await library.lesson()
        assert lesson.revision == 1
        (event,) = await told(library)
        assert (event["lesson_id"], event["title"], event["revision"]) == (str(lesson.id), "Linear algebra", 1)

    async def test_blocks_of_every_kind_are_kept(self, library: Library) -> None:
        blocks = [
            TextBlock(markdown="# Hi"),
            VideoBlock(url="https://v.example/1", caption="Watch", duration=30),
            CodeBlock(language="python", source="print(1)\n"),
        ]
        lesson = await library.lesson(blocks=blocks)
        async with library.documents.read(library.reader) as documents:
            kept = await LessonStore(documents).get(lesson.id)
        assert kept is not None
        assert kept.blocks == blocks

    async def test_a_change_makes_a_revision(self, library: Library) -> None:
        lesson = await library.lesson()
        revised = await library.lesson("Algebra", lesson_id=lesson.id, expected_version=1)
        assert (revised.id, revised.revision, revised.title) == (lesson.id, 2, "Algebra")
        assert [event["revision"] for event in await told(library)] == [1, 2]

    async def test_saving_without_a_change_makes_no_revision(self, library: Library) -> None:
        lesson = await library.lesson()
        assert (await library.lesson(lesson_id=lesson.id)).revision == 1
        assert len(await told(library)) == 1

    async def test_a_stale_version_is_refused(self, library: Library) -> None:
        lesson = await library.lesson()
        await library.lesson("Algebra", lesson_id=lesson.id)
        with pytest.raises(VersionConflict):
            await library.lesson("Geometry", lesson_id=lesson.id, expected_version=1)

    async def test_of_two_authors_at_once_one_is_refused(self, library: Library) -> None:
        lesson = await library.lesson()
        saving = (library.lesson(f"By {name}", lesson_id=lesson.id, expected_version=1) for name in ("Ada", "Bob"))
        outcomes = await asyncio.gather(*saving, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Lesson", "VersionConflict"]
        assert [event["revision"] for event in await told(library)] == [1, 2]

    async def test_an_unknown_lesson_and_another_tenants_are_not_found(self, library: Library, rival: Library) -> None:
        theirs = await library.lesson()
        for lesson_id in (uuid7(), theirs.id):
            with pytest.raises(NotFound):
                await rival.lesson(lesson_id=lesson_id)

    async def test_readers_may_not(self, library: Library) -> None:
        with pytest.raises(Forbidden):
            await library.lesson(caller=library.reader)

    async def test_too_many_blocks_are_refused(self, library: Library) -> None:
        with pytest.raises(BadUserInput):
            await library.lesson(blocks=[TextBlock(markdown="x")] * 201)

    async def test_a_repeated_key_saves_once(self, library: Library) -> None:
        first, second = await library.lesson(key="k"), await library.lesson(key="k")
        assert first.id == second.id
        assert len(await told(library)) == 1
        with pytest.raises(IdempotencyKeyReused):
            await library.lesson("Another", key="k")

    async def test_a_key_repeated_at_once_saves_once(self, library: Library) -> None:
        saved = await asyncio.gather(*(library.lesson(key="k") for _ in range(4)))
        assert len({lesson.id for lesson in saved}) == 1
        assert len(await told(library)) == 1

    async def test_a_key_belongs_to_its_user(self, library: Library) -> None:
        other = library.tenant.caller("content:write")
        assert (await library.lesson(key="k")).id != (await library.lesson(key="k", caller=other)).id


class TestRelease:
    async def test_a_release_may_come_before_the_lesson_and_more_than_once(self, library: Library) -> None:
        lesson_id = uuid7()
        for _ in range(2):
            await releasing.release(library.documents, library.author, [lesson_id])
        async with library.documents.read(library.reader) as documents:
            now = datetime.now(UTC)
            await LessonStore(documents).add(lesson_id, title="Late", blocks=[], duration=0, now=now)
            assert set(await releasing.visible_lessons(documents, [lesson_id])) == {lesson_id}

    async def test_what_is_released_later_is_found_once_indexed_again(self, library: Library) -> None:
        lesson = await library.lesson()
        for expected in ([], [lesson.id]):
            await library.indexer.index(library.author, [lesson.id])
            for mode in SearchMode:
                hits = await finding.search(library.indexer, library.reader, "matrices", mode, first=1)
                assert [hit.id for hit in hits] == expected
            await releasing.release(library.documents, library.author, [lesson.id])

    async def test_a_release_holds_in_its_own_tenant(self, library: Library, rival: Library) -> None:
        lesson = await library.lesson()
        await releasing.release(rival.documents, rival.author, [lesson.id])
        async with library.documents.read(library.reader) as documents:
            assert await releasing.visible_lessons(documents, [lesson.id]) == {}


class TestIndexing:
    async def test_markup_is_left_out_and_nothing_else(self, library: Library) -> None:
        lesson = await library.lesson(text="## Names\n> A **bold** `snake_case` if a > b | 2 * 3 ~ C# #1 [x](http://y)")
        (hit,) = await finding.search(library.indexer, library.author, "names", SearchMode.TEXT, first=1)
        assert (hit.id, hit.snippet) == (
            lesson.id,
            "<mark>Names</mark>\nA bold snake_case if a &gt; b | 2 * 3 ~ C# #1 x",
        )


class TestSearch:
    async def find(self, library: Library, query: str, mode: SearchMode = SearchMode.HYBRID) -> list[Any]:
        return [hit.id for hit in await finding.search(library.indexer, library.author, query, mode, first=10)]

    async def test_the_first_search_finds_what_was_there_before(self, library: Library) -> None:
        lesson = await library.lesson()
        assert await self.find(library, "matrices", SearchMode.TEXT) == [lesson.id]

    async def test_a_revised_lesson_is_found_once_indexed(self, library: Library) -> None:
        lesson = await library.lesson()
        await library.indexer.index(library.author, [lesson.id])
        await library.lesson("Cooking", "Soup.", lesson_id=lesson.id)
        assert await self.find(library, "soup", SearchMode.TEXT) == []
        await library.indexer.index(library.author, [lesson.id])
        assert await self.find(library, "soup", SearchMode.TEXT) == [lesson.id]
        assert await self.find(library, "matrices", SearchMode.TEXT) == []

    async def test_what_is_meant_is_found_without_its_words(self, library: Library) -> None:
        algebra = await library.lesson("Linear algebra", "Vectors, matrices and linear maps.")
        await library.lesson("Cooking", "How to boil potatoes and make soup.")
        await library.indexer.ensure_built(library.author)
        assert await self.find(library, "mathematics", SearchMode.TEXT) == []
        assert (await self.find(library, "mathematics", SearchMode.SEMANTIC))[:1] == [algebra.id]
        assert (await self.find(library, "mathematics"))[:1] == [algebra.id]

    async def test_both_kinds_of_hits_are_put_together(self, library: Library) -> None:
        both = await library.lesson("Soup", "How to cook soup from potatoes.")
        meant = await library.lesson("Stew", "Cooking vegetables in a pot with broth.")
        said = await library.lesson("Primordial", "The theory of the early ocean: soup.")
        await library.indexer.ensure_built(library.author)
        found = await self.find(library, "soup")
        assert found[0] == both.id
        assert {meant.id, said.id} <= set(found)

    @pytest.mark.parametrize("mode", list(SearchMode))
    @pytest.mark.parametrize("query", ["", "   ", "\0", "!?"])
    async def test_nothing_is_found_for_nothing(self, library: Library, query: str, mode: SearchMode) -> None:
        await library.lesson()
        assert await self.find(library, query, mode) == []

    @pytest.mark.parametrize("mode", list(SearchMode))
    async def test_another_tenants_lessons_are_not_found(
        self, library: Library, rival: Library, mode: SearchMode
    ) -> None:
        lesson = await library.lesson()
        await library.indexer.ensure_built(library.author)
        assert await self.find(rival, "matrices", mode) == []
        assert await self.find(library, "matrices", mode) == [lesson.id]

    async def test_many_searchers_build_a_missing_index_once(self, library: Library) -> None:
        lesson = await library.lesson()
        found = await asyncio.gather(*(self.find(library, "matrices", SearchMode.TEXT) for _ in range(5)))
        assert found == [[lesson.id]] * 5

    async def test_a_lesson_that_is_gone_is_forgotten(self, library: Library) -> None:
        lesson = await library.lesson()
        await library.indexer.ensure_built(library.author)
        await lesson.delete()
        await library.indexer.index(library.author, [lesson.id])
        for mode in SearchMode:
            assert await self.find(library, "matrices", mode) == []
