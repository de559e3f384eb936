"""What can be done with courses, and when it is refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound, VersionConflict
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.permissions.decisions import Rights
from shared.permissions.feed import rights_of
from shared.permissions.places import Resource
from subgraphs.courses.errors import AlreadyPublished, CourseEmpty, CourseNotPublished, ItemNotInCourse, SlugTaken
from subgraphs.courses.events import CoursePublished, Enrolled, ModuleChanged, ProgressRecorded
from subgraphs.courses.models import Course, CourseStatus, Enrollment, EnrollmentState
from subgraphs.courses.store import CourseStore, EnrollmentRecord, EnrollmentStore, OutlineStore

AUTHOR: Final = "courses:write"
LEARNER: Final = "learn"
MAX_ITEMS: Final = 200


def is_published(course: Course) -> bool:
    """Whether everybody sees it."""
    return course.status == CourseStatus.PUBLISHED


def is_visible(course: Course, rights: Rights) -> bool:
    """Drafts are for authors; to others they do not exist."""
    return is_published(course) or rights.allow(AUTHOR, _at(rights.caller, course.id))


def may_see_record(user_id: UUID, course_id: UUID | None, rights: Rights) -> bool:
    """A learner's record of a course is for the learner and its authors; to others it does not exist.

    Without a course, this is about all of the learner's records, and those who are authors everywhere.
    """
    tenant = Resource.tenant(rights.caller.tenant_id)
    place = tenant if course_id is None else _at(rights.caller, course_id)
    return is_own(user_id, rights.caller) or rights.allow(AUTHOR, place)


def is_own(user_id: UUID | None, caller: Caller) -> bool:
    """Whether what a learner does is the caller's own; an app that acts for them sees it if it may learn for them."""
    return user_id == caller.user_id and (caller.client_id is None or caller.may(LEARNER))


def _at(caller: Caller, course_id: UUID) -> Resource:
    return Resource.course(caller.tenant_id, course_id)


async def create_course(session: TenantSession, attempt: Attempt, *, slug: str, title: str, summary: str) -> Course:
    """Make a draft.

    Raises:
        SlugTaken: another course, or draft, has the slug.
    """
    (await rights_of(session)).require(AUTHOR, Resource.tenant(session.caller.tenant_id))

    async def create() -> UUID:
        course_id = uuid7()
        if not await CourseStore(session).add(course_id, slug=slug, title=title, summary=summary):
            raise SlugTaken(path=("input", "slug"))
        return course_id

    return await _course(session, await once(session, attempt, create))


async def upsert_module(
    session: TenantSession,
    attempt: Attempt,
    *,
    course_id: UUID,
    module_id: UUID | None,
    title: str,
    item_ids: Sequence[UUID],
    expected_version: int | None,
) -> UUID:
    """Append a module to a course or, if `module_id` is given, change it; returns its id.

    Raises:
        NotFound: there is no such course, or it has no such module.
        VersionConflict: the course has changed.
    """
    (await rights_of(session)).require(AUTHOR, _at(session.caller, course_id))
    if len(item_ids) > MAX_ITEMS or len(set(item_ids)) != len(item_ids):
        raise BadUserInput(f"`itemIds` must be at most {MAX_ITEMS} different identifiers", field="itemIds")

    async def upsert() -> UUID:
        course = await _locked_course(session, course_id, expected_version)
        store = OutlineStore(session)
        module = await store.module(course_id, module_id) if module_id else await store.add_module(course_id, title)
        if module is None:
            raise NotFound("There is no such module")
        module.title = title
        await store.put_items(module.id, item_ids)
        course.version += 1
        if course.status == CourseStatus.PUBLISHED:
            await _tell_change(session, course_id, module.id, item_ids)
        return module.id

    return await once(session, attempt, upsert)


async def _tell_change(session: TenantSession, course_id: UUID, module_id: UUID, item_ids: Sequence[UUID]) -> None:
    record(
        session,
        ModuleChanged(
            tenant_id=session.caller.tenant_id,
            course_id=course_id,
            module_id=module_id,
            item_ids=list(item_ids),
            course_item_ids=await OutlineStore(session).item_ids(course_id),
        ),
    )


async def publish_course(
    session: TenantSession, attempt: Attempt, course_id: UUID, *, expected_version: int | None
) -> Course:
    """Show a course to learners.

    Raises:
        NotFound: there is no such course.
        AlreadyPublished: it is shown already.
        CourseEmpty: there is nothing in it to learn.
    """
    (await rights_of(session)).require(AUTHOR, _at(session.caller, course_id))

    async def publish() -> UUID:
        course = await _locked_course(session, course_id, expected_version)
        if course.status == CourseStatus.PUBLISHED:
            raise AlreadyPublished
        item_ids = await OutlineStore(session).item_ids(course_id)
        if not item_ids:
            raise CourseEmpty
        course.status, course.published_at = CourseStatus.PUBLISHED, datetime.now(UTC)
        course.version += 1
        record(
            session,
            CoursePublished(
                tenant_id=session.caller.tenant_id,
                course_id=course_id,
                title=course.title,
                slug=course.slug,
                item_ids=item_ids,
            ),
        )
        return course_id

    return await _course(session, await once(session, attempt, publish))


async def enroll(session: TenantSession, attempt: Attempt, course_id: UUID) -> EnrollmentRecord:
    """Enrol the caller; whoever is enrolled already just gets the enrollment.

    Raises:
        NotFound: there is no such course, or the caller may not see it.
        CourseNotPublished: the caller is its author and has to publish it first.
    """
    session.caller.require(LEARNER)
    return await _enrollment(session, await once(session, attempt, lambda: _enroll(session, course_id)))


async def _enroll(session: TenantSession, course_id: UUID) -> UUID:
    caller = session.caller
    user_id = caller.require_user()
    course = await CourseStore(session).get(course_id)
    if course is None or not is_visible(course, await rights_of(session)):
        raise NotFound("There is no such course")
    if course.status != CourseStatus.PUBLISHED:
        raise CourseNotPublished
    store, enrollment_id = EnrollmentStore(session), uuid7()
    if not await store.add(enrollment_id, course_id=course_id, user_id=user_id):
        present = await store.of_course([course_id], user_id)
        return present[course_id].row.id
    record(
        session,
        Enrolled(
            tenant_id=caller.tenant_id,
            enrollment_id=enrollment_id,
            course_id=course_id,
            course_title=course.title,
            user_id=user_id,
        ),
    )
    return enrollment_id


async def record_progress(
    session: TenantSession, attempt: Attempt, *, enrollment_id: UUID, item_id: UUID, percent: int
) -> EnrollmentRecord:
    """Note how far the caller is with an item; progress never goes back, and less than before changes nothing.

    Raises:
        NotFound: the caller has no such enrollment.
        ItemNotInCourse: the course has no such item.
    """
    session.caller.require(LEARNER)
    if not 0 <= percent <= 100:  # noqa: PLR2004 - the bounds of a percentage
        raise BadUserInput("`percent` must be between 0 and 100", field="percent")

    async def note() -> UUID:
        enrollment = await _own_locked_enrollment(session, enrollment_id)
        if not await OutlineStore(session).has_item(enrollment.course_id, item_id):
            raise ItemNotInCourse(path=("input", "itemId"))
        if await EnrollmentStore(session).raise_progress(enrollment_id, item_id, percent, datetime.now(UTC)):
            await _note_growth(session, enrollment, item_id, percent)
        return enrollment_id

    return await _enrollment(session, await once(session, attempt, note))


async def _note_growth(session: TenantSession, enrollment: Enrollment, item_id: UUID, percent: int) -> None:
    progress = (await _enrollment(session, enrollment.id)).progress
    if progress == 1:
        enrollment.state = EnrollmentState.COMPLETED
    enrollment.version += 1
    record(
        session,
        ProgressRecorded(
            tenant_id=session.caller.tenant_id,
            enrollment_id=enrollment.id,
            course_id=enrollment.course_id,
            user_id=enrollment.user_id,
            item_id=item_id,
            percent=percent,
            progress=progress,
        ),
    )


async def _locked_course(session: TenantSession, course_id: UUID, expected_version: int | None) -> Course:
    course = await CourseStore(session).locked(course_id)
    if course is None:
        raise NotFound("There is no such course")
    if expected_version not in {None, course.version}:
        raise VersionConflict(path=("input", "expectedVersion"))
    return course


async def _own_locked_enrollment(session: TenantSession, enrollment_id: UUID) -> Enrollment:
    enrollment = await EnrollmentStore(session).locked(enrollment_id)
    if enrollment is None or enrollment.user_id != session.caller.require_user():
        raise NotFound("There is no such enrollment")
    return enrollment


async def _course(session: TenantSession, course_id: UUID) -> Course:
    """The course of an id that this transaction, or the attempt it repeats, has written."""
    course = await CourseStore(session).get(course_id)
    if course is None:
        raise NotFound("There is no such course")
    return course


async def _enrollment(session: TenantSession, enrollment_id: UUID) -> EnrollmentRecord:
    found = await EnrollmentStore(session).by_ids([enrollment_id])
    return found[enrollment_id]
