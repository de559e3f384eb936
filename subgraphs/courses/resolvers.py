"""The root fields of the courses subgraph: unpack, call, wrap."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from shared import checks
from shared.caller import require_own
from shared.database import unit_of_work
from shared.errors import BadUserInput, parse_id, parse_ids
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from shared.graphql.user_errors import Refusals
from subgraphs.courses import service
from subgraphs.courses.context import Info
from subgraphs.courses.models import Course as CourseRow
from subgraphs.courses.store import CourseStore
from subgraphs.courses.types import (
    Course,
    CreateCourseInput,
    CreateCoursePayload,
    EnrollInput,
    Enrollment,
    EnrollPayload,
    Module,
    PublishCourseInput,
    PublishCoursePayload,
    RecordProgressInput,
    RecordProgressPayload,
    UpsertModuleInput,
    UpsertModulePayload,
    enrollments_of,
)

_BY_PUBLICATION = Keyset(tuple[datetime, UUID])
_LONGEST_SUMMARY = 2_000

_Id: TypeAlias = Annotated[
    strawberry.ID | None, strawberry.argument(description="The course's; without it, give `slug`.")
]
_Slug: TypeAlias = Annotated[str | None, strawberry.argument(description="The course's; without it, give `id`.")]
_EnrollmentId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The enrollment's.")]


def _publication_cursor(row: CourseRow) -> str:
    if row.published_at is None:
        raise ValueError(f"the catalogue shows course {row.id}, which is not published")
    return _BY_PUBLICATION.cursor((row.published_at, row.id))


@strawberry.type
class Query:
    @strawberry.field(description="Published courses, the newest first.")
    async def catalog(self, info: Info, first: First = 20, after: After = None) -> Connection[Course] | None:
        page = _BY_PUBLICATION.page(first, after)
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await CourseStore(session).catalog(page)
        return connect(rows, page, node=Course.of, cursor=_publication_cursor)

    @strawberry.field(description="One course, by its id or by its slug.")
    async def course(self, info: Info, id: _Id = None, slug: _Slug = None) -> Course | None:
        loaders = info.context.loaders
        match id, slug:
            case str(), None:
                return await Course.visible(await loaders.course_by_id.load(parse_id(id)), info)
            case None, str():
                return await Course.visible(await loaders.course_by_slug.load(slug), info)
            case None, None:
                raise BadUserInput("Give the course's `id` or its `slug`")
            case _:
                raise BadUserInput("Give `id` or `slug`, not both")

    @strawberry.field(description="What the caller learns, the newest first.")
    async def my_enrollments(self, info: Info, first: First = 20, after: After = None) -> Connection[Enrollment] | None:
        return await enrollments_of(info, require_own(info.context.caller, service.LEARNER), first, after)

    @strawberry.field(description="One's own enrollment; authors may ask for anybody's.")
    async def enrollment(self, info: Info, id: _EnrollmentId) -> Enrollment | None:
        return await Enrollment.visible(await info.context.loaders.enrollment_by_id.load(parse_id(id)), info)


@strawberry.type
class Mutation:
    @strawberry.mutation(extensions=[Refusals(CreateCoursePayload)], description="Make a draft. Needs courses:write.")
    async def create_course(self, info: Info, input: CreateCourseInput) -> CreateCoursePayload | None:
        title = checks.text(input.title, field="title")
        summary = (
            checks.text(input.summary, field="summary", longest=_LONGEST_SUMMARY, lines=True) if input.summary else ""
        )
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            course = await service.create_course(
                session, input.attempt("createCourse"), slug=checks.slug(input.slug), title=title, summary=summary
            )
        return CreateCoursePayload(course=Course.of(course))

    @strawberry.mutation(
        extensions=[Refusals(UpsertModulePayload)], description="Add a module or change one. Needs courses:write."
    )
    async def upsert_module(self, info: Info, input: UpsertModuleInput) -> UpsertModulePayload | None:
        course_id = parse_id(input.course_id, field="courseId")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            module_id = await service.upsert_module(
                session,
                input.attempt("upsertModule"),
                course_id=course_id,
                module_id=None if input.id is None else parse_id(input.id),
                title=checks.text(input.title, field="title"),
                item_ids=parse_ids(input.item_ids, field="itemIds"),
                expected_version=input.expected_version,
            )
        return await _upserted(info, module_id, course_id)

    @strawberry.mutation(
        extensions=[Refusals(PublishCoursePayload)], description="Show a course to learners. Needs courses:write."
    )
    async def publish_course(self, info: Info, input: PublishCourseInput) -> PublishCoursePayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            course = await service.publish_course(
                session,
                input.attempt("publishCourse"),
                parse_id(input.id),
                expected_version=input.expected_version,
            )
        return PublishCoursePayload(course=Course.of(course))

    @strawberry.mutation(
        extensions=[Refusals(EnrollPayload)], description="Enrol the caller; enrolling twice is the same as once."
    )
    async def enroll(self, info: Info, input: EnrollInput) -> EnrollPayload | None:
        course_id = parse_id(input.course_id, field="courseId")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            record = await service.enroll(session, input.attempt("enroll"), course_id)
        return EnrollPayload(enrollment=Enrollment.of(record))

    @strawberry.mutation(
        extensions=[Refusals(RecordProgressPayload)], description="Note how far the caller is; it never goes back."
    )
    async def record_progress(self, info: Info, input: RecordProgressInput) -> RecordProgressPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            record = await service.record_progress(
                session,
                input.attempt("recordProgress"),
                enrollment_id=parse_id(input.enrollment_id, field="enrollmentId"),
                item_id=parse_id(input.item_id, field="itemId"),
                percent=input.percent,
            )
        return RecordProgressPayload(enrollment=Enrollment.of(record))


async def _upserted(info: Info, module_id: UUID, course_id: UUID) -> UpsertModulePayload:
    info.context.refresh()
    module = await info.context.loaders.module.load(module_id)
    course = await info.context.loaders.course_by_id.load(course_id)
    return UpsertModulePayload(
        module=Module.of(module) if module else None, course=Course.of(course) if course else None
    )
