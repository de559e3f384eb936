"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched, grouped
from subgraphs.courses.models import Course
from subgraphs.courses.store import (
    CourseStore,
    EnrollmentRecord,
    EnrollmentStore,
    OutlineModule,
    OutlineStore,
    ViewerProgress,
)


class Loaders:
    """The loaders of one request, reading as its caller."""

    def __init__(self, sessions: Sessions, caller: Caller) -> None:
        self.course_by_id: DataLoader[UUID, Course | None] = batched(sessions, caller, _courses_by_id)
        self.course_by_slug: DataLoader[str, Course | None] = batched(sessions, caller, _courses_by_slug)
        self.course_count: DataLoader[UUID, int | None] = batched(sessions, caller, _course_count)
        self.outline: DataLoader[UUID, Sequence[OutlineModule]] = grouped(sessions, caller, self._outlines)
        self.module: DataLoader[UUID, OutlineModule | None] = batched(sessions, caller, self._modules)
        self.enrollment_by_id: DataLoader[UUID, EnrollmentRecord | None] = batched(sessions, caller, _enrollments_by_id)
        self.viewer_enrollment: DataLoader[UUID, EnrollmentRecord | None] = batched(
            sessions, caller, _viewer_enrollments
        )
        self.enrollments_of_user: DataLoader[UUID, Sequence[EnrollmentRecord]] = grouped(
            sessions, caller, _enrollments_of_users
        )
        self.enrollment_count: DataLoader[UUID, int | None] = batched(sessions, caller, _enrollment_counts)
        self.viewer_progress: DataLoader[UUID, ViewerProgress | None] = batched(sessions, caller, _viewer_progress)

    async def _outlines(
        self, session: TenantSession, course_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[OutlineModule]]:
        outlines = await OutlineStore(session).outlines(course_ids)
        for modules in outlines.values():
            self._keep_progress(modules)
        return outlines

    async def _modules(self, session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, OutlineModule]:
        modules = await OutlineStore(session).modules(ids)
        self._keep_progress(list(modules.values()))
        return modules

    def _keep_progress(self, modules: Sequence[OutlineModule]) -> None:
        """An outline brings the viewer's progress along, so that showing it takes no further statement."""
        for module in modules:
            for item in module.items:
                self.viewer_progress.prime(item.row.item_id, item.progress)


async def _courses_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, Course]:
    return await CourseStore(session).by_ids(ids)


async def _courses_by_slug(session: TenantSession, slugs: Sequence[str]) -> Mapping[str, Course]:
    return await CourseStore(session).by_slugs(slugs)


async def _course_count(session: TenantSession, tenant_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """A session reaches one tenant, so there is one count."""
    return {session.caller.tenant_id: await CourseStore(session).count()}


async def _enrollments_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, EnrollmentRecord]:
    return await EnrollmentStore(session).by_ids(ids)


async def _viewer_enrollments(session: TenantSession, course_ids: Sequence[UUID]) -> Mapping[UUID, EnrollmentRecord]:
    return await EnrollmentStore(session).of_course(course_ids, session.caller.require_user())


async def _enrollments_of_users(
    session: TenantSession, user_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[EnrollmentRecord]]:
    return await EnrollmentStore(session).of_users(user_ids)


async def _enrollment_counts(session: TenantSession, course_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    return await EnrollmentStore(session).counts(course_ids)


async def _viewer_progress(session: TenantSession, item_ids: Sequence[UUID]) -> Mapping[UUID, ViewerProgress]:
    return await EnrollmentStore(session).viewer_progress(item_ids)
