"""The content subgraph as its clients and the router ask it."""

import re
from typing import Any

import pytest

from shared.ids import uuid7
from subgraphs.content.service import releasing
from subgraphs.content.store import LessonStore
from tests.factories.content import SCHEMA, Library

SAVE = """
mutation(
  $id: ID, $title: String! = "Linear algebra", $blocks: [BlockInput!]! = [], $version: Int, $duration: Int! = 60
) {
  saveLesson(input: {
    id: $id, title: $title, blocks: $blocks, estimatedDuration: $duration, expectedVersion: $version
  }) {
    lesson {
      id title revision version estimatedDuration updatedAt
      blocks {
        __typename
        ... on TextBlock { markdown }
        ... on VideoBlock { url caption duration }
        ... on CodeBlock { language source }
      }
    }
    userErrors { code path }
  }
}
"""
LESSON = "query($id: ID!) { lesson(id: $id) { id title } learningItem(id: $id) { __typename id estimatedDuration } }"
SEARCH = """
query($query: String!, $mode: SearchMode! = HYBRID, $first: Int! = 20) {
  search(query: $query, mode: $mode, first: $first) { item { __typename id title } score snippet }
}
"""
TEXT = {"text": {"markdown": "Vectors and *matrices*."}}


def code(answer: dict[str, Any]) -> str:
    """The code of an answer's only error."""
    (error,) = answer["errors"]
    return error["extensions"]["code"]


class TestSaveLesson:
    async def test_a_lesson_is_written_and_read(self, library: Library) -> None:
        blocks = [
            TEXT,
            {"video": {"url": "https://video.example/1", "caption": "Watch", "duration": 30}},
            {"code": {"language": "python", "source": "print(1)\n"}},
        ]
        saved = (await library.ask(library.author, SAVE, blocks=blocks))["data"]["saveLesson"]
        assert saved["userErrors"] == []
        assert saved["lesson"]["blocks"] == [
            {"__typename": "TextBlock", "markdown": "Vectors and *matrices*."},
            {"__typename": "VideoBlock", "url": "https://video.example/1", "caption": "Watch", "duration": 30},
            {"__typename": "CodeBlock", "language": "python", "source": "print(1)\n"},
        ]
        id_ = saved["lesson"]["id"]
        read = (await library.ask(library.author, LESSON, id=id_))["data"]
        assert read["lesson"] == {"id": id_, "title": "Linear algebra"}
        assert read["learningItem"] == {"__typename": "Lesson", "id": id_, "estimatedDuration": 60}

    async def test_a_stale_version_is_refused_as_data(self, library: Library) -> None:
        id_ = str((await library.lesson()).id)
        await library.ask(library.author, SAVE, id=id_, title="Algebra", blocks=[TEXT], version=1)
        answer = await library.ask(library.author, SAVE, id=id_, title="Geometry", blocks=[TEXT], version=1)
        assert answer["data"]["saveLesson"] == {
            "lesson": None,
            "userErrors": [{"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"]}],
        }

    @pytest.mark.parametrize(
        "block",
        [
            {},
            {**TEXT, "code": {"language": "python", "source": ""}},
            *(
                {"video": {"url": url}}
                for url in (
                    "javascript:alert(1)",
                    "http://[::1",
                    "https://",
                    "https://:443/film",
                    "https://video.example:port/",
                    "https://video.example/a film",
                    "https://video.example/\n1",
                    "https://video.example/\0",
                    " https://video.example/1",
                )
            ),
            {"video": {"url": "https://video.example/1", "duration": -1}},
            {"code": {"language": "", "source": ""}},
            {"text": {"markdown": "x" * 50_001}},
        ],
    )
    async def test_a_bad_block_is_a_coded_error(self, library: Library, block: dict[str, Any]) -> None:
        assert code(await library.ask(library.author, SAVE, blocks=[block])) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("variables", [{"title": " "}, {"duration": -1}, {"id": "7"}, {"version": 1}])
    async def test_bad_input_is_a_coded_error(self, library: Library, variables: dict[str, Any]) -> None:
        assert code(await library.ask(library.author, SAVE, **variables)) == "BAD_USER_INPUT"


class TestAccess:
    @pytest.mark.parametrize("operation", [SAVE, LESSON, SEARCH])
    async def test_an_anonymous_request_is_refused(self, library: Library, operation: str) -> None:
        answer = await library.ask(None, operation, id=str(uuid7()), query="x")
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAUTHENTICATED"}

    async def test_readers_cannot_write(self, library: Library) -> None:
        assert code(await library.ask(library.reader, SAVE)) == "FORBIDDEN"

    async def test_another_tenants_lesson_never_existed(self, library: Library, rival: Library) -> None:
        id_ = str((await library.lesson()).id)
        unknown = str(uuid7())
        for operation in (LESSON, SAVE):
            theirs = await rival.ask(rival.author, operation, id=id_)
            assert theirs == await rival.ask(rival.author, operation, id=unknown)
        assert (await rival.ask(rival.reader, LESSON, id=id_))["data"]["lesson"] is None
        assert code(await rival.ask(rival.author, SAVE, id=id_)) == "NOT_FOUND"


class TestReleased:
    """A lesson is its authors' until a course with it is published."""

    async def test_a_learner_reads_only_what_is_released(self, library: Library) -> None:
        lesson = await library.lesson()
        unknown = await library.ask(library.reader, LESSON, id=str(uuid7()))
        assert await library.ask(library.reader, LESSON, id=str(lesson.id)) == unknown
        assert (await library.ask(library.author, LESSON, id=str(lesson.id)))["data"]["lesson"]["title"]
        await releasing.release(library.documents, library.author, [lesson.id])
        assert (await library.ask(library.reader, LESSON, id=str(lesson.id)))["data"]["lesson"]["title"]

    @pytest.mark.parametrize("type_name", ["Lesson", "LearningItem"])
    async def test_an_entity_is_null_before(self, library: Library, type_name: str) -> None:
        reference = {"__typename": type_name, "id": str((await library.lesson()).id)}
        answer = await library.ask(library.reader, TestEntities.ENTITIES, representations=[reference])
        assert answer == {"data": {"_entities": [None]}}

    @pytest.mark.parametrize("mode", ["TEXT", "SEMANTIC", "HYBRID"])
    async def test_a_learner_finds_only_what_is_released(self, library: Library, mode: str) -> None:
        for number in range(5):
            await library.lesson(f"Draft {number}", "Vectors and matrices, vectors and matrices.")
        shown = await library.released("Shown", "Vectors and matrices in space.")
        await library.indexer.ensure_built(library.author)
        found = await library.ask(library.reader, SEARCH, query="matrices", mode=mode, first=1)
        assert [hit["item"]["id"] for hit in found["data"]["search"]] == [str(shown.id)]
        everything = await library.ask(library.author, SEARCH, query="matrices", mode=mode)
        assert len(everything["data"]["search"]) == 6


class TestSearch:
    async def test_a_hit_shows_its_item_and_a_snippet(self, library: Library) -> None:
        lesson = await library.released(text="# Vectors\n\nA **matrix** moves them.")
        (hit,) = (await library.ask(library.reader, SEARCH, query="matrix", mode="TEXT"))["data"]["search"]
        assert hit["item"] == {"__typename": "Lesson", "id": str(lesson.id), "title": "Linear algebra"}
        assert "A <mark>matrix</mark> moves them" in hit["snippet"]
        assert hit["score"] > 0

    async def test_a_hit_by_meaning_has_no_snippet(self, library: Library) -> None:
        await library.released(text="Vectors, matrices and linear maps.")
        await library.indexer.ensure_built(library.author)
        (hit,) = (await library.ask(library.reader, SEARCH, query="mathematics", mode="SEMANTIC"))["data"]["search"]
        assert hit["snippet"] is None

    @pytest.mark.parametrize("variables", [{"first": 0}, {"first": 101}, {"query": "x" * 501}])
    async def test_bad_input_is_a_coded_error(self, library: Library, variables: dict[str, Any]) -> None:
        assert code(await library.ask(library.reader, SEARCH, **{"query": "x", **variables})) == "BAD_USER_INPUT"


class TestNullability:
    @pytest.mark.parametrize("field", ["search", "saveLesson", "lesson", "learningItem", "item"])
    def test_a_field_that_fails_takes_nothing_else_with_it(self, field: str) -> None:
        types: list[str] = re.findall(rf"^  {field}(?:\(.*\))?: (\S+)", SCHEMA.as_str(), re.MULTILINE)
        assert types
        assert not any(type_.endswith("!") for type_ in types)


class TestEntities:
    ENTITIES = """
    query($representations: [_Any!]!) {
      _entities(representations: $representations) { __typename ... on LearningItem { title } }
    }
    """

    async def test_an_item_is_found_as_itself_and_through_its_interface(self, library: Library) -> None:
        lesson = {"id": str((await library.released()).id)}
        references = [{"__typename": name, **lesson} for name in ("Lesson", "LearningItem")]
        answer = await library.ask(library.reader, self.ENTITIES, representations=references)
        assert answer == {"data": {"_entities": [{"__typename": "Lesson", "title": "Linear algebra"}] * 2}}

    async def test_unknown_items_and_other_tenants_are_null(self, library: Library, rival: Library) -> None:
        theirs = str((await library.lesson()).id)
        references = [{"__typename": "LearningItem", "id": id_} for id_ in (theirs, str(uuid7()))]
        answer = await rival.ask(rival.reader, self.ENTITIES, representations=references)
        assert answer == {"data": {"_entities": [None, None]}}

    async def test_many_items_are_read_at_once(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = [str((await library.released(f"Lesson {number}")).id) for number in range(5)]
        reads: list[int] = []
        by_ids = LessonStore.by_ids

        async def counted(store: LessonStore, wanted: Any) -> Any:
            reads.append(len(wanted))
            return await by_ids(store, wanted)

        monkeypatch.setattr(LessonStore, "by_ids", counted)
        references = [{"__typename": "LearningItem", "id": id_} for id_ in ids]
        answer = await library.ask(library.reader, self.ENTITIES, representations=references)
        assert [item["title"] for item in answer["data"]["_entities"]] == [f"Lesson {number}" for number in range(5)]
        assert reads == [5]
