"""The GraphQL types of the courses subgraph."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import strawberry

from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.pagination import Keyset
from shared.graphql.user_errors import Payload
from subgraphs.courses import service
from subgraphs.courses.context import Info
from subgraphs.courses.models import Course as CourseRow
from subgraphs.courses.models import CourseStatus, EnrollmentState
from subgraphs.courses.store import EnrollmentRecord, OutlineItem, OutlineModule, ViewerProgress

strawberry.enum(CourseStatus, description="Learners see published courses only.")
strawberry.enum(EnrollmentState, description="Completed once every item of the course is.")


_BY_ID: Final[Keyset[tuple[UUID]]] = Keyset(tuple[UUID])


@strawberry.type(description="How far somebody is with an item; the best of all their courses it is in.")
class ItemProgress:
    percent: int = strawberry.field(description="0 to 100; it never goes back.")
    completed_at: datetime | None = strawberry.field(description="When it first was at 100.")

    @classmethod
    def of(cls, progress: ViewerProgress) -> "ItemProgress":
        return cls(percent=progress.percent, completed_at=progress.completed_at)


@strawberry.federation.interface_object(keys=["id"], description="Something to learn.")
class LearningItem:
    id: strawberry.ID = strawberry.field(description="The same wherever the item stands.")

    @strawberry.field(description="How far the caller is with it; null before they have begun.")
    async def viewer_progress(self, info: Info) -> ItemProgress | None:
        if not service.is_own(info.context.caller.user_id, info.context.caller):
            return None
        progress = await info.context.loaders.viewer_progress.load(parse_id(self.id))
        return ItemProgress.of(progress) if progress else None


@strawberry.type(description="A place in a module.")
class ModuleItem:
    id: strawberry.ID = strawberry.field(description="The place's own: it stays when the item moves in its module.")
    position: int = strawberry.field(description="Counted from 1.")
    item: LearningItem | None = strawberry.field(
        description="What stands there; null if nothing of that id is there, or it cannot be read now."
    )

    @classmethod
    def of(cls, place: OutlineItem) -> "ModuleItem":
        item = LearningItem(id=strawberry.ID(str(place.row.item_id)))
        return cls(id=strawberry.ID(str(place.row.id)), position=place.row.position, item=item)


async def _is_visible(course: CourseRow, info: Info) -> bool:
    """Whether the course exists for the caller; published ones do for everybody, whose rights are not read for that."""
    return service.is_published(course) or service.is_visible(course, await info.context.rights())


async def _may_see_record(user_id: UUID, course_id: UUID | None, info: Info) -> bool:
    """Whether the caller sees a learner's record, of one course or of all; everybody sees their own."""
    if service.is_own(user_id, info.context.caller):
        return True
    return service.may_see_record(user_id, course_id, await info.context.rights())


@strawberry.federation.type(keys=["id"], description="A part of a course; it exists for whoever sees the course.")
class Module:
    id: strawberry.ID = strawberry.field(description="Give it to `upsertModule` to change the module.")
    title: str = strawberry.field(description="At most 200 characters.")
    position: int = strawberry.field(description="Its place in the course, counted from 1.")
    items: list[ModuleItem] = strawberry.field(description="What is learned in it, in order.")

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
        visible = {course.id for course in courses if course and await _is_visible(course, info)}
        return [cls.of(module) if module and module.row.course_id in visible else None for module in modules]


@strawberry.federation.type(keys=["id", "slug"], description="A course; a draft exists only for its authors.")
class Course:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    slug: str = strawberry.field(description="Its name in addresses, unique in the tenant.")
    title: str = strawberry.field(description="At most 200 characters.")
    summary: str = strawberry.field(description="What the course is about; empty if nobody has said.")
    status: CourseStatus = strawberry.field(description="Whether learners see it.")
    published_at: datetime | None = strawberry.field(description="Null for a draft.")
    created_at: datetime = strawberry.field(description="When the draft was made.")
    version: int = strawberry.field(description="Grows with each change of the course or its modules.")
    course_id: strawberry.Private[UUID]

    @strawberry.field(description="What is learned, in order.")
    async def modules(self, info: Info) -> list[Module]:
        return [Module.of(module) for module in await info.context.loaders.outline.load(self.course_id)]

    @strawberry.field(description="How many people learn it or have learned it.")
    async def enrollment_count(self, info: Info) -> int:
        return await info.context.loaders.enrollment_count.load(self.course_id) or 0

    @strawberry.field(description="The caller's own enrollment, if there is one.")
    async def viewer_enrollment(self, info: Info) -> "Enrollment | None":
        if not service.is_own(info.context.caller.user_id, info.context.caller):
            return None
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
    async def visible(cls, row: CourseRow | None, info: Info) -> "Course | None":
        """The course, unless it does not exist for the caller."""
        return cls.of(row) if row and await _is_visible(row, info) else None

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> "list[Course | None]":
        loaders = info.context.loaders
        rows = [
            loaders.course_by_id.load(parse_id(reference["id"]))
            if "id" in reference
            else loaders.course_by_slug.load(reference["slug"])
            for reference in references
        ]
        return [await cls.visible(await row, info) for row in rows]


@strawberry.federation.type(keys=["id"], description="Somebody learning a course: shown to them and to authors.")
class Enrollment:
    id: strawberry.ID = strawberry.field(description="Give it to `recordProgress`.")
    user: "User | None" = strawberry.field(description="Who learns.")
    state: EnrollmentState = strawberry.field(description="It never goes back to active.")
    progress: float = strawberry.field(description="Which part of the course is done: 0 to 1.")
    enrolled_at: datetime = strawberry.field(
        description="When it was first asked for; enrolling again changes nothing."
    )
    version: int = strawberry.field(description="Grows with the progress.")
    course_id: strawberry.Private[UUID]

    @strawberry.field(description="What is learned; null for a learner whose course is no longer shown.")
    async def course(self, info: Info) -> Course | None:
        return await Course.visible(await info.context.loaders.course_by_id.load(self.course_id), info)

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
    async def visible(cls, record: EnrollmentRecord | None, info: Info) -> "Enrollment | None":
        """The enrollment, unless it does not exist for the caller."""
        if record is None or not await _may_see_record(record.row.user_id, record.row.course_id, info):
            return None
        return cls.of(record)

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Enrollment | None"]:
        ids = [parse_id(reference["id"]) for reference in references]
        records: Sequence[EnrollmentRecord | None] = await info.context.loaders.enrollment_by_id.load_many(ids)
        return [await cls.visible(record, info) for record in records]


async def enrollments_of(info: Info, user_id: UUID, first: int, after: str | None) -> Connection[Enrollment]:
    """A page of a person's enrollments, the newest first."""
    page = _BY_ID.page(first, after)
    records = await info.context.loaders.enrollment_page.load((user_id, page))
    return connect(records, page, node=Enrollment.of, cursor=lambda record: _BY_ID.cursor((record.row.id,)))


@strawberry.federation.type(keys=["id"])
class User:
    id: strawberry.ID

    @strawberry.field(
        description="What the person learns, the newest first; null unless the caller is the person or an author."
    )
    async def enrollments(self, info: Info, first: First = 20, after: After = None) -> Connection[Enrollment] | None:
        user_id = parse_id(self.id)
        if not await _may_see_record(user_id, None, info):
            return None
        return await enrollments_of(info, user_id, first, after)


@strawberry.federation.type(keys=["id"])
class Tenant:
    id: strawberry.ID

    @strawberry.field(description="How many courses are published.")
    async def course_count(self, info: Info) -> int | None:
        return await info.context.loaders.course_count.load(info.context.caller.tenant_id) or 0

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Tenant | None"]:
        """Another tenant does not exist."""
        own = str(info.context.caller.tenant_id)
        return [cls(id=strawberry.ID(own)) if reference["id"] == own else None for reference in references]


@strawberry.input(description="A course to make.")
class CreateCourseInput(MutationInput):
    title: str = strawberry.field(description="1 to 200 characters.")
    slug: str = strawberry.field(description="Its name in addresses: small letters, digits and single hyphens.")
    summary: str = strawberry.field(default="", description="At most 2000 characters, lines included.")


@strawberry.input(description="A module as it shall be.")
class UpsertModuleInput(UpdateInput):
    course_id: strawberry.ID = strawberry.field(
        description="The course it belongs to; `expectedVersion` is the course's."
    )
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The module to change; without it, a new one."
    )
    title: str = strawberry.field(description="1 to 200 characters.")
    item_ids: list[strawberry.ID] = strawberry.field(
        description="All that is learned in it, in order: at most 200 different items. What is left out is taken out."
    )


@strawberry.input(description="A draft to show to learners.")
class PublishCourseInput(UpdateInput):
    id: strawberry.ID = strawberry.field(description="The course's.")


@strawberry.input(description="What the caller wants to learn.")
class EnrollInput(MutationInput):
    course_id: strawberry.ID = strawberry.field(description="A published course.")


@strawberry.input(description="How far the caller is with an item.")
class RecordProgressInput(MutationInput):
    enrollment_id: strawberry.ID = strawberry.field(description="The caller's own.")
    item_id: strawberry.ID = strawberry.field(description="An item of the enrollment's course.")
    percent: int = strawberry.field(description="0 to 100; less than before changes nothing.")


@strawberry.type
class CoursePayload(Payload):
    course: Course | None = strawberry.field(default=None, description="As it is now; null if it was refused.")


@strawberry.type(description="What came of `createCourse`.")
class CreateCoursePayload(CoursePayload): ...


@strawberry.type(description="What came of `publishCourse`.")
class PublishCoursePayload(CoursePayload): ...


@strawberry.type(description="What came of `upsertModule`.")
class UpsertModulePayload(Payload):
    module: Module | None = strawberry.field(default=None, description="As it is now; null if it was refused.")
    course: Course | None = strawberry.field(default=None, description="The module's, with its new version.")


@strawberry.type(description="What came of `enroll`.")
class EnrollPayload(Payload):
    enrollment: Enrollment | None = strawberry.field(
        default=None, description="The new one, or the one there was; null if it was refused."
    )


@strawberry.type(description="What came of `recordProgress`.")
class RecordProgressPayload(Payload):
    enrollment: Enrollment | None = strawberry.field(
        default=None, description="With its new progress; null if it was refused."
    )
