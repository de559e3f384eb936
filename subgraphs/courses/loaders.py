"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from aiodataloader import DataLoader

from shared import checks
from shared.caller import Caller
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched, grouped
from shared.graphql.pagination import PageRequest
from shared.permissions.feed import rights_loader
from subgraphs.courses.models import Course
from subgraphs.courses.store import (
    CourseStore,
    EnrollmentRecord,
    EnrollmentStore,
    OutlineModule,
    OutlineStore,
    ViewerProgress,
)

EnrollmentPage: TypeAlias = tuple[UUID, PageRequest[tuple[UUID]]]
"""A user, and which page of their enrollments."""


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
        self.enrollment_page: DataLoader[EnrollmentPage, Sequence[EnrollmentRecord]] = grouped(
            sessions, caller, _enrollment_pages
        )
        self.enrollment_count: DataLoader[UUID, int | None] = batched(sessions, caller, _enrollment_counts)
        self.viewer_progress: DataLoader[UUID, ViewerProgress | None] = batched(sessions, caller, _viewer_progress)
        self.rights = rights_loader(sessions, caller)

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
    return await CourseStore(session).by_slugs([slug for slug in slugs if checks.lookup(slug)])


async def _course_count(session: TenantSession, tenant_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """A session reaches one tenant, so there is one count."""
    return {session.caller.tenant_id: await CourseStore(session).count()}


async def _enrollments_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, EnrollmentRecord]:
    return await EnrollmentStore(session).by_ids(ids)


async def _viewer_enrollments(session: TenantSession, course_ids: Sequence[UUID]) -> Mapping[UUID, EnrollmentRecord]:
    return await EnrollmentStore(session).of_course(course_ids, session.caller.require_user())


async def _enrollment_pages(
    session: TenantSession, asked: Sequence[EnrollmentPage]
) -> Mapping[EnrollmentPage, Sequence[EnrollmentRecord]]:
    """One statement for each page asked for, whoever's it is: a query asks the same page of everybody in a list."""
    pages: dict[EnrollmentPage, Sequence[EnrollmentRecord]] = {}
    for page in {page for _, page in asked}:
        user_ids = [user_id for user_id, of in asked if of == page]
        found = await EnrollmentStore(session).pages(user_ids, page)
        pages |= {(user_id, page): records for user_id, records in found.items()}
    return pages


async def _enrollment_counts(session: TenantSession, course_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    return await EnrollmentStore(session).counts(course_ids)


async def _viewer_progress(session: TenantSession, item_ids: Sequence[UUID]) -> Mapping[UUID, ViewerProgress]:
    return await EnrollmentStore(session).viewer_progress(item_ids)
