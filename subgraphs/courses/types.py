"""The GraphQL types of the courses subgraph."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from shared.errors import parse_id
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.user_errors import UserError
from subgraphs.courses import service
from subgraphs.courses.context import Info
from subgraphs.courses.models import Course as CourseRow
from subgraphs.courses.models import CourseStatus, EnrollmentState
from subgraphs.courses.store import EnrollmentRecord, OutlineItem, OutlineModule, ViewerProgress

strawberry.enum(CourseStatus, description="Learners see published courses only.")
strawberry.enum(EnrollmentState, description="Completed once every item of the course is.")


@strawberry.type
class ItemProgress:
    percent: int
    completed_at: datetime | None

    @classmethod
    def of(cls, progress: ViewerProgress) -> "ItemProgress":
        return cls(percent=progress.percent, completed_at=progress.completed_at)


@strawberry.federation.interface_object(keys=["id"], description="Something to learn.")
class LearningItem:
    id: strawberry.ID

    @strawberry.field(description="How far the caller is with it; null before they have begun.")
    async def viewer_progress(self, info: Info) -> ItemProgress | None:
        progress = await info.context.loaders.viewer_progress.load(parse_id(self.id))
        return ItemProgress.of(progress) if progress else None


@strawberry.type(description="A place in a module.")
class ModuleItem:
    id: strawberry.ID
    position: int
    item: LearningItem

    @classmethod
    def of(cls, place: OutlineItem) -> "ModuleItem":
        item = LearningItem(id=strawberry.ID(str(place.row.item_id)))
        return cls(id=strawberry.ID(str(place.row.id)), position=place.row.position, item=item)


@strawberry.federation.type(keys=["id"])
class Module:
    id: strawberry.ID
    title: str
    position: int
    items: list[ModuleItem]

    @classmethod
    def of(cls, module: OutlineModule) -> "Module":
        return cls(
            id=strawberry.ID(str(module.row.id)),
            title=module.row.title,
            position=module.row.position,
            items=[ModuleItem.of(item) for item in module.items],
        )

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Module | None"]:
        loaders = info.context.loaders
        modules = await loaders.module.load_many([parse_id(reference["id"]) for reference in references])
        courses = await loaders.course_by_id.load_many([module.row.course_id for module in modules if module])
        visible = {course.id for course in courses if course and service.is_visible(course, info.context.caller)}
        return [cls.of(module) if module and module.row.course_id in visible else None for module in modules]


@strawberry.federation.type(keys=["id", "slug"], description="A course; a draft exists only for its authors.")
class Course:
    id: strawberry.ID
    slug: str
    title: str
    summary: str
    status: CourseStatus
    published_at: datetime | None
    created_at: datetime
    version: int
    course_id: strawberry.Private[UUID]

    @strawberry.field(description="What is learned, in order.")
    async def modules(self, info: Info) -> list[Module]:
        return [Module.of(module) for module in await info.context.loaders.outline.load(self.course_id)]

    @strawberry.field
    async def enrollment_count(self, info: Info) -> int:
        return await info.context.loaders.enrollment_count.load(self.course_id) or 0

    @strawberry.field(description="The caller's own enrollment, if there is one.")
    async def viewer_enrollment(self, info: Info) -> "Enrollment | None":
        record = await info.context.loaders.viewer_enrollment.load(self.course_id)
        return Enrollment.of(record) if record else None

    @classmethod
    def of(cls, row: CourseRow) -> "Course":
        return cls(
            id=strawberry.ID(str(row.id)),
            slug=row.slug,
            title=row.title,
            summary=row.summary,
            status=CourseStatus(row.status),
            published_at=row.published_at,
            created_at=row.created_at,
            version=row.version,
            course_id=row.id,
        )

    @classmethod
    def visible(cls, row: CourseRow | None, info: Info) -> "Course | None":
        """The course, unless it does not exist for the caller."""
        return cls.of(row) if row and service.is_visible(row, info.context.caller) else None

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> "list[Course | None]":
        loaders = info.context.loaders
        rows = [
            loaders.course_by_id.load(parse_id(reference["id"]))
            if "id" in reference
            else loaders.course_by_slug.load(reference["slug"])
            for reference in references
        ]
        return [cls.visible(await row, info) for row in rows]


@strawberry.federation.type(keys=["id"], description="Somebody learning a course: shown to them and to authors.")
class Enrollment:
    id: strawberry.ID
    user: "User"
    state: EnrollmentState
    progress: float = strawberry.field(description="Which part of the course is done: 0 to 1.")
    enrolled_at: datetime
    version: int
    course_id: strawberry.Private[UUID]

    @strawberry.field
    async def course(self, info: Info) -> Course | None:
        return Course.visible(await info.context.loaders.course_by_id.load(self.course_id), info)

    @classmethod
    def of(cls, record: EnrollmentRecord) -> "Enrollment":
        row = record.row
        return cls(
            id=strawberry.ID(str(row.id)),
            user=User(id=strawberry.ID(str(row.user_id))),
            state=EnrollmentState(row.state),
            progress=record.progress,
            enrolled_at=row.enrolled_at,
            version=row.version,
            course_id=row.course_id,
        )

    @classmethod
    def visible(cls, record: EnrollmentRecord | None, info: Info) -> "Enrollment | None":
        """The enrollment, unless it does not exist for the caller."""
        return cls.of(record) if record and service.may_see_record(record.row.user_id, info.context.caller) else None

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Enrollment | None"]:
        ids = [parse_id(reference["id"]) for reference in references]
        records: Sequence[EnrollmentRecord | None] = await info.context.loaders.enrollment_by_id.load_many(ids)
        return [cls.visible(record, info) for record in records]


@strawberry.federation.type(keys=["id"])
class User:
    id: strawberry.ID

    @strawberry.field(description="What the person learns; null unless the caller is the person or an author.")
    async def enrollments(self, info: Info) -> list[Enrollment] | None:
        user_id = parse_id(self.id)
        if not service.may_see_record(user_id, info.context.caller):
            return None
        return [Enrollment.of(record) for record in await info.context.loaders.enrollments_of_user.load(user_id)]


@strawberry.federation.type(keys=["id"])
class Tenant:
    id: strawberry.ID

    @strawberry.field(description="How many courses are published.")
    async def course_count(self, info: Info) -> int:
        return await info.context.loaders.course_count.load(info.context.caller.tenant_id) or 0

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Tenant | None"]:
        """Another tenant does not exist."""
        own = str(info.context.caller.tenant_id)
        return [cls(id=strawberry.ID(own)) if reference["id"] == own else None for reference in references]


@strawberry.input
class CreateCourseInput(MutationInput):
    title: str
    slug: str
    summary: str = ""


@strawberry.input
class UpsertModuleInput(UpdateInput):
    course_id: strawberry.ID
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The module to change; without it, a new one."
    )
    title: str
    item_ids: list[strawberry.ID] = strawberry.field(description="What is learned in it, in order.")


@strawberry.input
class PublishCourseInput(UpdateInput):
    id: strawberry.ID


@strawberry.input
class EnrollInput(MutationInput):
    course_id: strawberry.ID


@strawberry.input
class RecordProgressInput(MutationInput):
    enrollment_id: strawberry.ID
    item_id: strawberry.ID
    percent: int


@strawberry.type
class CoursePayload:
    course: Course | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class CreateCoursePayload(CoursePayload): ...


@strawberry.type
class PublishCoursePayload(CoursePayload): ...


@strawberry.type
class UpsertModulePayload:
    module: Module | None = None
    course: Course | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class EnrollPayload:
    enrollment: Enrollment | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class RecordProgressPayload:
    enrollment: Enrollment | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
