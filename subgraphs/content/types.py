"""The GraphQL types of the content subgraph."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from shared.errors import parse_id
from shared.graphql.entities import Reference
from shared.graphql.inputs import UpdateInput
from shared.graphql.user_errors import UserError
from subgraphs.content import models
from subgraphs.content.context import Info
from subgraphs.content.service.finding import SearchMode

strawberry.enum(SearchMode, description="By what is said (TEXT), by what is meant (SEMANTIC), or by both (HYBRID).")


@strawberry.type
class TextBlock:
    markdown: str


@strawberry.type
class VideoBlock:
    url: str
    caption: str
    duration: int = strawberry.field(description="Seconds.")


@strawberry.type
class CodeBlock:
    language: str
    source: str


Block: TypeAlias = Annotated[TextBlock | VideoBlock | CodeBlock, strawberry.union("Block")]


def block_of(block: models.Block) -> TextBlock | VideoBlock | CodeBlock:
    """Show a block."""
    match block:
        case models.TextBlock():
            return TextBlock(markdown=block.markdown)
        case models.VideoBlock():
            return VideoBlock(url=block.url, caption=block.caption, duration=block.duration)
        case models.CodeBlock():
            return CodeBlock(language=block.language, source=block.source)


@strawberry.federation.interface(keys=["id"], description="Something to learn.")
class LearningItem:
    id: strawberry.ID
    title: str
    revision: int
    estimated_duration: int = strawberry.field(description="Seconds.")

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> Sequence["LearningItem | None"]:
        ids = [parse_id(reference["id"]) for reference in references]
        rows = await info.context.loaders.lesson_by_id.load_many(ids)
        return [Lesson.of(row) if row else None for row in rows]


@strawberry.federation.type(keys=["id"])
class Lesson(LearningItem):
    blocks: list[Block]
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: models.Lesson) -> "Lesson":
        return cls(
            id=strawberry.ID(str(row.id)),
            title=row.title,
            revision=row.revision,
            estimated_duration=row.estimated_duration,
            blocks=[block_of(block) for block in row.blocks],
            updated_at=row.updated_at,
            version=row.revision,
        )


@strawberry.federation.type(keys=["id"])
class Tenant:
    id: strawberry.ID

    @strawberry.field(
        description="How many bytes its lessons take up, a whole number: what the quota `storageBytes` is about. For "
        "those who may manage the tenant."
    )
    async def storage_bytes(self, info: Info) -> float | None:
        info.context.caller.require("tenant:manage")
        return await info.context.loaders.storage_bytes.load(info.context.caller.tenant_id)

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Tenant | None"]:
        """Another tenant does not exist."""
        own = str(info.context.caller.tenant_id)
        return [cls(id=strawberry.ID(own)) if reference["id"] == own else None for reference in references]


@strawberry.type
class SearchHit:
    item: LearningItem | None = strawberry.field(description="What was found; null while it cannot be read.")
    score: float = strawberry.field(description="Higher is better; scores of different searches do not compare.")
    snippet: str | None = strawberry.field(
        description="HTML: an extract with what was found in <mark>; null where only the meaning matched."
    )


@strawberry.input
class TextBlockInput:
    markdown: str


@strawberry.input
class VideoBlockInput:
    url: str
    caption: str = ""
    duration: int = strawberry.field(default=0, description="Seconds.")


@strawberry.input
class CodeBlockInput:
    language: str
    source: str


@strawberry.input(description="Exactly one of the fields says what the block is.")
class BlockInput:
    text: TextBlockInput | None = None
    video: VideoBlockInput | None = None
    code: CodeBlockInput | None = None


@strawberry.input
class SaveLessonInput(UpdateInput):
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The lesson to revise; without it, a new one."
    )
    title: str
    blocks: list[BlockInput]
    estimated_duration: int = strawberry.field(default=0, description="Seconds.")


@strawberry.type
class SaveLessonPayload:
    lesson: Lesson | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
