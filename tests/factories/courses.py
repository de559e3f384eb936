"""Courses, made the way authors make them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.caller import Caller, UserId
from shared.database import Sessions, unit_of_work
from shared.graphql.service import Answer, GraphQLService
from shared.idempotency import Attempt
from shared.ids import uuid7
from subgraphs.courses import service
from subgraphs.courses.context import Context
from subgraphs.courses.models import Course
from subgraphs.courses.schema import build_schema
from tests.tenants import Tenant

SCHEMA = build_schema()


def once_only(operation: str = "test") -> Attempt:
    """An attempt without a key."""
    return Attempt(operation, None, None)


@dataclass
class Campus:
    """A tenant's courses, its author and its learner."""

    tenant: Tenant
    sessions: Sessions
    author: Caller = field(init=False)
    learner: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.author = self.tenant.caller(service.AUTHOR, service.LEARNER, role="INSTRUCTOR")
        self.learner = self.someone()

    def someone(self) -> Caller:
        """Another learner."""
        return self.tenant.caller(service.LEARNER)

    async def ask(self, caller: Caller | None, operation: str, /, **variables: Any) -> Answer:
        """Execute an operation as `caller`."""

        async def context(_: object) -> Context:
            return Context(caller, self.sessions)

        return await GraphQLService(SCHEMA, context=context).execute(operation, variables)

    async def draft(self, slug: str = "algebra") -> Course:
        """A course nobody but its author sees."""
        async with unit_of_work(self.sessions, self.author) as session:
            return await service.create_course(session, once_only(), slug=slug, title=slug.title(), summary="")

    async def module(self, course: Course, item_ids: Sequence[UUID], title: str = "Week") -> UUID:
        """A module of a course."""
        async with unit_of_work(self.sessions, self.author) as session:
            return await service.upsert_module(
                session,
                once_only(),
                course_id=course.id,
                module_id=None,
                title=title,
                item_ids=item_ids,
                expected_version=None,
            )

    async def course(self, slug: str = "algebra", *, item_ids: Sequence[UUID] | None = None) -> Course:
        """A published course."""
        course = await self.draft(slug)
        await self.module(course, item_ids or [uuid7()])
        async with unit_of_work(self.sessions, self.author) as session:
            return await service.publish_course(session, once_only(), course.id, expected_version=None)

    async def enroll(self, course: Course, learner: Caller | None = None) -> UUID:
        """An enrollment's id."""
        async with unit_of_work(self.sessions, learner or self.learner) as session:
            return (await service.enroll(session, once_only(), course.id)).row.id

    @property
    def learner_id(self) -> UserId:
        return self.learner.require_user()
