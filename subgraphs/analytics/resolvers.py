"""The root fields of the analytics subgraph: unpack, call, wrap."""

from datetime import UTC

import strawberry

from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.user_errors import Refusals
from shared.permissions.places import Resource
from subgraphs.analytics import service
from subgraphs.analytics.context import Info
from subgraphs.analytics.types import (
    ActivityStatementInput,
    CourseAnalytics,
    RecordActivityInput,
    RecordActivityPayload,
)


@strawberry.type
class Query:
    @strawberry.field(
        description="Figures of a course; null if nobody has published it or enrolled in it. Needs analytics:read, in "
        "the whole tenant or at the course."
    )
    async def course_analytics(self, info: Info, course_id: strawberry.ID) -> CourseAnalytics | None:
        wanted, rights = parse_id(course_id, field="courseId"), await info.context.rights()
        rights.require(service.READER, Resource.course(rights.caller.tenant_id, wanted))
        figures = await info.context.loaders.figures_by_course.load(wanted)
        return CourseAnalytics.of(figures) if figures else None


@strawberry.type
class Mutation:
    @strawberry.mutation(
        extensions=[Refusals(RecordActivityPayload)], description="Tell what the caller has done, many things at once."
    )
    async def record_activity(self, info: Info, input: RecordActivityInput) -> RecordActivityPayload | None:
        activities = [_activity(statement) for statement in input.statements]
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            recorded = await service.record_activity(session, activities, input.attempt("recordActivity"))
        return RecordActivityPayload(recorded=recorded)


def _activity(statement: ActivityStatementInput) -> service.Activity:
    """A time without an offset is meant as UTC."""
    at = statement.occurred_at
    return service.Activity(
        verb=statement.verb.value,
        object_id=parse_id(statement.object_id, field="objectId"),
        course_id=None if statement.course_id is None else parse_id(statement.course_id, field="courseId"),
        occurred_at=at if at.tzinfo else at.replace(tzinfo=UTC),
    )
