"""The root fields of the content subgraph: unpack, call, wrap."""

from typing import Final
from urllib.parse import urlsplit

import strawberry

from shared import checks
from shared.errors import BadUserInput, parse_id
from shared.graphql.user_errors import Refusals
from subgraphs.content.context import Info
from subgraphs.content.errors import BlockAmbiguous
from subgraphs.content.models import Block, CodeBlock, TextBlock, VideoBlock
from subgraphs.content.service import finding, lessons
from subgraphs.content.types import (
    BlockInput,
    LearningItem,
    Lesson,
    SaveLessonInput,
    SaveLessonPayload,
    SearchHit,
    SearchMode,
    VideoBlockInput,
)

_LONGEST_TEXT: Final = 50_000
_LONGEST_URL: Final = 2_000


@strawberry.type
class Query:
    @strawberry.field(
        description="Something to learn, whatever its kind; null if it is unknown. Without content:write, only what "
        "stands in a published course is known."
    )
    async def learning_item(self, info: Info, id: strawberry.ID) -> LearningItem | None:
        return await _lesson(info, id)

    @strawberry.field(
        description="A lesson; null if it is unknown. Without content:write, only what stands in a published course "
        "is known."
    )
    async def lesson(self, info: Info, id: strawberry.ID) -> Lesson | None:
        return await _lesson(info, id)

    @strawberry.field(
        description="Find something to learn, the best first: what stands in a published course, or with content:write "
        "any lesson. `query` has at most 500 characters, and `first` is between 1 and 100."
    )
    async def search(
        self, info: Info, query: str, mode: SearchMode = SearchMode.HYBRID, first: int = 20
    ) -> list[SearchHit] | None:
        context = info.context
        found = await finding.search(context.indexer, context.caller, query, mode, first=first)
        rows = await context.loaders.lesson_by_id.load_many([hit.id for hit in found])
        return [
            SearchHit(item=Lesson.of(row), score=hit.score, snippet=hit.snippet)
            for hit, row in zip(found, rows, strict=True)
            if row  # the index may know a little longer what is gone
        ]


@strawberry.type
class Mutation:
    @strawberry.mutation(
        extensions=[Refusals(SaveLessonPayload)], description="Write a lesson or revise one. Needs content:write."
    )
    async def save_lesson(self, info: Info, input: SaveLessonInput) -> SaveLessonPayload | None:
        context = info.context
        lesson = await lessons.save_lesson(
            context.documents,
            context.caller,
            input.attempt("saveLesson"),
            lessons.Draft(
                title=checks.text(input.title, field="title"),
                blocks=[_block(block) for block in input.blocks],
                duration=input.estimated_duration,
            ),
            lesson_id=None if input.id is None else parse_id(input.id),
            expected_version=input.expected_version,
            quotas_of=context.quotas_of,
        )
        return SaveLessonPayload(lesson=Lesson.of(lesson))


async def _lesson(info: Info, id_: str) -> Lesson | None:
    row = await info.context.loaders.lesson_by_id.load(parse_id(id_))
    return Lesson.of(row) if row else None


def _block(block: BlockInput) -> Block:
    given = [part for part in (block.text, block.video, block.code) if part is not None]
    if len(given) != 1:
        raise BlockAmbiguous(field="blocks")
    if block.video is not None:
        return _video(block.video)
    if block.code is not None:
        source = _bounded(block.code.source, "source")
        return CodeBlock(language=checks.text(block.code.language, field="language", longest=50), source=source)
    return TextBlock(markdown=_bounded(block.text.markdown if block.text else "", "markdown"))


def _video(video: VideoBlockInput) -> VideoBlock:
    if len(video.url) > _LONGEST_URL or not _is_address(video.url):
        raise BadUserInput(f"`url` must be an http or https URL of at most {_LONGEST_URL} characters", field="url")
    if not 0 <= video.duration <= lessons.MAX_DURATION:
        raise BadUserInput(f"`duration` must be 0 to {lessons.MAX_DURATION} seconds", field="duration")
    return VideoBlock(url=video.url, caption=_bounded(video.caption, "caption"), duration=video.duration)


def _is_address(url: str) -> bool:
    """Whether a browser can open it: a scheme it fetches with, a host, and nothing it would drop or cut off."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    clean = url.isprintable() and not any(character.isspace() for character in url)
    return clean and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _bounded(value: str, field: str) -> str:
    """A text as it was given: spaces at its ends may matter."""
    if len(value) > _LONGEST_TEXT:
        raise BadUserInput(f"`{field}` must have at most {_LONGEST_TEXT} characters", field=field)
    return value
