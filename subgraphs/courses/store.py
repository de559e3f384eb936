"""Every statement of the courses subgraph."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from shared.caller import UserId
from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.courses.models import Course, CourseStatus, Enrollment, EnrollmentState, ItemProgress, Module, ModuleItem

_COMPLETE = 100


@dataclass(frozen=True, slots=True)
class ViewerProgress:
    """How far somebody is with an item; the best of all their courses it is in."""

    percent: int
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutlineItem:
    """A place in a module, and how far the viewer is with what stands there."""

    row: ModuleItem
    progress: ViewerProgress | None


@dataclass(frozen=True, slots=True)
class OutlineModule:
    """A module with its items in order."""

    row: Module
    items: list[OutlineItem] = field(default_factory=list[OutlineItem])


@dataclass(frozen=True, slots=True)
class EnrollmentRecord:
    """An enrollment, and which part of its course is done: 0 to 1."""

    row: Enrollment
    progress: float


class CourseStore:
    """Courses of the session's tenant, drafts included: who may see those is for the service to say."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, course_id: UUID, *, slug: str, title: str, summary: str) -> bool:
        """Insert a draft; false if the slug is taken."""
        added = insert(Course).values(id=course_id, slug=slug, title=title, summary=summary)
        added = added.on_conflict_do_nothing(index_elements=["slug"]).returning(Course.id)
        return await self._session.scalar(added) is not None

    async def get(self, course_id: UUID) -> Course | None:
        return await self._session.get(Course, course_id)

    async def locked(self, course_id: UUID) -> Course | None:
        """The course, which nobody else may change until the transaction ends."""
        return await self._session.scalar(select(Course).where(Course.id == course_id).with_for_update())

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, Course]:
        found = await self._session.scalars(select(Course).where(Course.id.in_(ids)))
        return {course.id: course for course in found}

    async def by_slugs(self, slugs: Sequence[str]) -> Mapping[str, Course]:
        found = await self._session.scalars(select(Course).where(Course.slug.in_(slugs)))
        return {course.slug: course for course in found}

    async def catalog(self, page: PageRequest[tuple[datetime, UUID]]) -> Sequence[Course]:
        """Published courses, the newest first."""
        chosen = select(Course).where(Course.status == CourseStatus.PUBLISHED)
        chosen = chosen.order_by(Course.published_at.desc(), Course.id.desc()).limit(page.limit)
        if page.after is not None:
            published_at, id_ = page.after
            chosen = chosen.where(func.row(Course.published_at, Course.id) < func.row(published_at, id_))
        return (await self._session.scalars(chosen)).all()

    async def count(self) -> int:
        """How many courses are published."""
        counted = select(func.count()).select_from(Course).where(Course.status == CourseStatus.PUBLISHED)
        return await self._session.scalar(counted) or 0


class OutlineStore:
    """Modules and their items."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add_module(self, course_id: UUID, title: str) -> Module:
        """Append a module; the course must be locked."""
        last = select(func.coalesce(func.max(Module.position), 0)).where(Module.course_id == course_id)
        module = Module(course_id=course_id, title=title, position=(await self._session.scalar(last) or 0) + 1)
        self._session.add(module)
        await self._session.flush()
        return module

    async def module(self, course_id: UUID, module_id: UUID) -> Module | None:
        return await self._session.scalar(
            select(Module).where(Module.id == module_id, Module.course_id == course_id).with_for_update()
        )

    async def put_items(self, module_id: UUID, item_ids: Sequence[UUID]) -> None:
        """Make these the module's items, in this order; places that stay keep their identity."""
        gone = delete(ModuleItem).where(ModuleItem.module_id == module_id, ModuleItem.item_id.not_in(item_ids))
        await self._session.execute(gone)
        if not item_ids:
            return
        places = [
            {"module_id": module_id, "item_id": item_id, "position": position}
            for position, item_id in enumerate(item_ids, start=1)
        ]
        put = insert(ModuleItem)
        put = put.on_conflict_do_update(
            index_elements=["module_id", "item_id"], set_={"position": put.excluded.position}
        )
        await self._session.execute(put, places)

    async def has_item(self, course_id: UUID, item_id: UUID) -> bool:
        found = select(ModuleItem.id).join(Module, Module.id == ModuleItem.module_id)
        found = found.where(Module.course_id == course_id, ModuleItem.item_id == item_id).limit(1)
        return await self._session.scalar(found) is not None

    async def item_ids(self, course_id: UUID) -> list[UUID]:
        """What is learned in the course, each item once, in order."""
        found = select(ModuleItem.item_id).join(Module, Module.id == ModuleItem.module_id)
        found = found.where(Module.course_id == course_id)
        rows = await self._session.scalars(found.order_by(Module.position, Module.id, ModuleItem.position))
        return list(dict.fromkeys(rows))

    async def outlines(self, course_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[OutlineModule]]:
        """The modules of each course, in order."""
        outlines: defaultdict[UUID, list[OutlineModule]] = defaultdict(list)
        for module in await self._modules(Module.course_id.in_(course_ids)):
            outlines[module.row.course_id].append(module)
        return outlines

    async def modules(self, ids: Sequence[UUID]) -> Mapping[UUID, OutlineModule]:
        return {module.row.id: module for module in await self._modules(Module.id.in_(ids))}

    async def _modules(self, which: ColumnElement[bool]) -> Sequence[OutlineModule]:
        """Modules, items and the viewer's progress in one statement."""
        progress = _progress_of(self._session.caller.user_id).subquery()
        chosen = (
            select(Module, ModuleItem, progress.c.percent, progress.c.completed_at)
            .outerjoin(ModuleItem, ModuleItem.module_id == Module.id)
            .outerjoin(progress, progress.c.item_id == ModuleItem.item_id)
            .where(which)
            .order_by(Module.course_id, Module.position, Module.id, ModuleItem.position, ModuleItem.id)
        )
        modules: dict[UUID, OutlineModule] = {}
        for module, item, percent, completed_at in await self._session.execute(chosen):
            outlined = modules.setdefault(module.id, OutlineModule(module))
            if cast("ModuleItem | None", item):  # an outer join may give none
                known = None if percent is None else ViewerProgress(percent, completed_at)
                outlined.items.append(OutlineItem(item, known))
        return list(modules.values())


class EnrollmentStore:
    """Enrollments of the session's tenant, and what has been learned in them."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, enrollment_id: UUID, *, course_id: UUID, user_id: UserId) -> bool:
        """Insert an enrollment; false if there is one already. Of two at the same time, the later waits."""
        added = insert(Enrollment).values(id=enrollment_id, course_id=course_id, user_id=user_id)
        added = added.on_conflict_do_nothing(index_elements=["course_id", "user_id"]).returning(Enrollment.id)
        return await self._session.scalar(added) is not None

    async def locked(self, enrollment_id: UUID) -> Enrollment | None:
        """The enrollment, in which nobody else may record until the transaction ends."""
        chosen = select(Enrollment).where(Enrollment.id == enrollment_id).with_for_update()
        return await self._session.scalar(chosen)

    async def join_progress(self, user_id: UUID, into_id: UUID) -> None:
        """Where two people are in one course, have the second's progress say the best of both."""
        first, second = aliased(Enrollment), aliased(Enrollment)
        both = first.course_id == second.course_id
        learned = (
            select(second.id, ItemProgress.item_id, ItemProgress.percent, ItemProgress.completed_at)
            .join(first, first.id == ItemProgress.enrollment_id)
            .join(second, both)
            .where(first.user_id == user_id, second.user_id == into_id)
        )
        put = insert(ItemProgress).from_select(["enrollment_id", "item_id", "percent", "completed_at"], learned)
        best = {
            "percent": func.greatest(ItemProgress.percent, put.excluded.percent),
            "completed_at": func.least(ItemProgress.completed_at, put.excluded.completed_at),
        }
        await self._session.execute(put.on_conflict_do_update(index_elements=["enrollment_id", "item_id"], set_=best))
        completed = (
            select(second.id)
            .join(first, both)
            .where(first.user_id == user_id, second.user_id == into_id, first.state == EnrollmentState.COMPLETED)
        )
        chosen = update(Enrollment).where(Enrollment.id.in_(completed), Enrollment.state != EnrollmentState.COMPLETED)
        await self._session.execute(chosen.values(state=EnrollmentState.COMPLETED, version=Enrollment.version + 1))

    async def of_course(self, course_ids: Sequence[UUID], user_id: UserId) -> Mapping[UUID, EnrollmentRecord]:
        """One user's enrollments, by course."""
        found = await self._records(Enrollment.user_id == user_id, Enrollment.course_id.in_(course_ids))
        return {record.row.course_id: record for record in found}

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, EnrollmentRecord]:
        return {record.row.id: record for record in await self._records(Enrollment.id.in_(ids))}

    async def pages(
        self, user_ids: Sequence[UUID], page: PageRequest[tuple[UUID]]
    ) -> Mapping[UUID, Sequence[EnrollmentRecord]]:
        """The same page of several users' enrollments, the newest first, in one statement."""
        place = func.row_number().over(partition_by=Enrollment.user_id, order_by=Enrollment.id.desc())
        placed = select(Enrollment.id, place.label("place")).where(Enrollment.user_id.in_(user_ids))
        if page.after is not None:
            placed = placed.where(Enrollment.id < page.after[0])
        ranked = placed.subquery()
        shown = select(ranked.c.id).where(ranked.c.place <= page.limit)
        enrollments: defaultdict[UUID, list[EnrollmentRecord]] = defaultdict(list)
        for record in await self._records(Enrollment.id.in_(shown)):
            enrollments[record.row.user_id].append(record)
        return enrollments

    async def counts(self, course_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        counted = select(Enrollment.course_id, func.count()).where(Enrollment.course_id.in_(course_ids))
        rows = (await self._session.execute(counted.group_by(Enrollment.course_id))).all()
        return {row[0]: row[1] for row in rows}

    async def raise_progress(self, enrollment_id: UUID, item_id: UUID, percent: int, now: datetime) -> bool:
        """Record how far an item is done; false if it was that far before."""
        completed_at = now if percent == _COMPLETE else None
        raised = insert(ItemProgress).values(
            enrollment_id=enrollment_id, item_id=item_id, percent=percent, completed_at=completed_at
        )
        raised = raised.on_conflict_do_update(
            index_elements=["enrollment_id", "item_id"],
            set_={"percent": raised.excluded.percent, "completed_at": raised.excluded.completed_at},
            where=ItemProgress.percent < raised.excluded.percent,
        )
        return await self._session.scalar(raised.returning(ItemProgress.percent)) is not None

    async def viewer_progress(self, item_ids: Sequence[UUID]) -> Mapping[UUID, ViewerProgress]:
        """The caller's progress, by item."""
        chosen = _progress_of(self._session.caller.user_id).where(ItemProgress.item_id.in_(item_ids))
        rows = await self._session.execute(chosen)
        return {item_id: ViewerProgress(percent, completed_at) for item_id, percent, completed_at in rows}

    async def _records(self, *where: ColumnElement[bool]) -> Sequence[EnrollmentRecord]:
        """Enrollments with their progress in one statement, the newest first."""
        chosen = select(Enrollment, _course_progress()).where(*where).order_by(Enrollment.id.desc())
        rows: Sequence[Row[Enrollment, float]] = (await self._session.execute(chosen)).all()
        return [EnrollmentRecord(row, float(progress)) for row, progress in rows]


def _progress_of(user_id: UserId | None) -> Select[UUID, int, datetime | None]:
    """A user's progress by item, the best of all their courses it is in; a service has none."""
    chosen = select(
        ItemProgress.item_id,
        func.max(ItemProgress.percent).label("percent"),
        func.min(ItemProgress.completed_at).label("completed_at"),
    )
    mine = and_(Enrollment.id == ItemProgress.enrollment_id, Enrollment.user_id == user_id)
    return chosen.join(Enrollment, mine).group_by(ItemProgress.item_id)


def _course_progress() -> ColumnElement[float]:
    """The mean of an enrollment's progress over the items its course has now; 0 for a course without items."""
    items = select(ModuleItem.item_id).join(Module, Module.id == ModuleItem.module_id)
    items = items.where(Module.course_id == Enrollment.course_id).correlate(Enrollment).distinct().subquery()
    done = func.coalesce(func.avg(func.coalesce(ItemProgress.percent, 0)) / _COMPLETE, 0)
    this = and_(ItemProgress.item_id == items.c.item_id, ItemProgress.enrollment_id == Enrollment.id)
    mean = select(done).select_from(items).outerjoin(ItemProgress, this).correlate(Enrollment)
    return mean.scalar_subquery()
