"""Lessons, made the way authors make them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.caller import Caller
from shared.documents import Documents
from shared.graphql.service import Answer, GraphQLService
from shared.idempotency import Attempt
from shared.tenancy.profile import Quotas
from subgraphs.content.context import Context
from subgraphs.content.models import Block, Lesson, TextBlock
from subgraphs.content.schema import build_schema
from subgraphs.content.service import lessons, releasing
from subgraphs.content.service.indexing import Indexer
from tests.tenants import Tenant

SCHEMA = build_schema()


@dataclass
class Library:
    """A tenant's lessons, its author and its reader."""

    tenant: Tenant
    documents: Documents
    indexer: Indexer
    author: Caller = field(init=False)
    reader: Caller = field(init=False)
    quotas: Quotas = field(default_factory=Quotas, init=False)

    def __post_init__(self) -> None:
        self.author = self.tenant.caller(lessons.AUTHOR, "learn", role="INSTRUCTOR")
        self.reader = self.tenant.caller("learn")

    async def quotas_of(self, _: Caller) -> Quotas:
        """What the tenant may use; without bounds unless a test sets some."""
        return self.quotas

    async def ask(self, caller: Caller | None, operation: str, /, **variables: Any) -> Answer:
        """Execute an operation as `caller`."""

        async def context(_: object) -> Context:
            return Context(caller, self.documents, self.indexer, self.quotas_of)

        return await GraphQLService(SCHEMA, context=context).execute(operation, variables)

    async def released(self, title: str = "Linear algebra", text: str = "Vectors and matrices.") -> Lesson:
        """A saved lesson that stands in a published course; not indexed yet."""
        lesson = await self.lesson(title, text)
        await releasing.release(self.documents, self.author, [lesson.id])
        return lesson

    async def lesson(
        self,
        title: str = "Linear algebra",
        text: str = "Vectors and matrices.",
        *,
        blocks: Sequence[Block] | None = None,
        lesson_id: UUID | None = None,
        expected_version: int | None = None,
        key: str | None = None,
        caller: Caller | None = None,
    ) -> Lesson:
        """A saved lesson; not indexed yet."""
        draft = lessons.Draft(title=title, blocks=[TextBlock(markdown=text)] if blocks is None else blocks, duration=60)
        return await lessons.save_lesson(
            self.documents,
            caller or self.author,
            Attempt("saveLesson", key, [title, text]),
            draft,
            lesson_id=lesson_id,
            expected_version=expected_version,
            quotas_of=self.quotas_of,
        )
