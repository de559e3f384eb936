"""What can be done with courses, and when it is refused."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.errors import BadUserInput, DomainError, Forbidden, NotFound, VersionConflict
from shared.events.outbox import OutboxRow
from shared.idempotency import Attempt, IdempotencyKeyReused
from shared.ids import uuid7
from subgraphs.courses import service
from subgraphs.courses.errors import AlreadyPublished, CourseEmpty, CourseNotPublished, ItemNotInCourse, SlugTaken
from subgraphs.courses.models import CourseStatus, EnrollmentState
from subgraphs.courses.store import EnrollmentRecord, EnrollmentStore
from tests.factories.courses import Campus, once_only


async def events(sessions: Sessions, caller: Caller, topic: str) -> list[dict[str, Any]]:
    """The payloads recorded under a topic."""
    async with sessions.read(caller) as session:
        rows = await session.scalars(select(OutboxRow.payload).where(OutboxRow.topic == topic).order_by(OutboxRow.seq))
        return list(rows)


class TestCreateCourse:
    async def test_a_new_course_is_a_draft(self, campus: Campus) -> None:
        course = await campus.draft()
        assert (course.status, course.published_at, course.version) == (CourseStatus.DRAFT, None, 1)

    async def test_a_taken_slug_is_refused(self, campus: Campus, rival: Campus) -> None:
        await campus.draft("algebra")
        with pytest.raises(SlugTaken):
            await campus.draft("algebra")
        await rival.draft("algebra")

    async def test_learners_may_not(self, campus: Campus) -> None:
        async with unit_of_work(campus.sessions, campus.learner) as session:
            with pytest.raises(Forbidden):
                await service.create_course(session, once_only(), slug="x", title="X", summary="")

    async def test_a_repeated_key_makes_one_course(self, campus: Campus) -> None:
        async def create(slug: str) -> Any:
            async with unit_of_work(campus.sessions, campus.author) as session:
                attempt = Attempt("createCourse", "key", {"slug": slug})
                return await service.create_course(session, attempt, slug=slug, title="X", summary="")

        first, second = await create("algebra"), await create("algebra")
        assert first.id == second.id
        with pytest.raises(IdempotencyKeyReused):
            await create("geometry")


class TestUpsertModule:
    async def test_modules_follow_each_other(self, campus: Campus) -> None:
        course = await campus.draft()
        for title in ("One", "Two", "Three"):
            await campus.module(course, [], title)
        outline = await campus.ask(
            campus.author, "query($id: ID!) { course(id: $id) { modules { title position } } }", id=str(course.id)
        )
        assert outline["data"]["course"]["modules"] == [
            {"title": "One", "position": 1},
            {"title": "Two", "position": 2},
            {"title": "Three", "position": 3},
        ]

    async def test_modules_added_at_the_same_time_get_places_of_their_own(self, campus: Campus) -> None:
        course = await campus.draft()
        await asyncio.gather(*(campus.module(course, []) for _ in range(4)))
        outline = await campus.ask(
            campus.author, "query($id: ID!) { course(id: $id) { version modules { position } } }", id=str(course.id)
        )
        assert [module["position"] for module in outline["data"]["course"]["modules"]] == [1, 2, 3, 4]
        assert outline["data"]["course"]["version"] == 5

    @pytest.mark.parametrize("expected", [1, 99])
    async def test_a_stale_version_is_refused(self, campus: Campus, expected: int) -> None:
        course = await campus.draft()
        await campus.module(course, [])
        with pytest.raises(VersionConflict):
            await self.upsert(campus, course_id=course.id, expected_version=expected)
        await self.upsert(campus, course_id=course.id, expected_version=2)

    async def test_a_module_of_another_course_is_not_found(self, campus: Campus) -> None:
        algebra, geometry = await campus.draft("algebra"), await campus.draft("geometry")
        module_id = await campus.module(algebra, [])
        with pytest.raises(NotFound):
            await self.upsert(campus, course_id=geometry.id, module_id=module_id)

    async def test_the_same_item_twice_is_refused(self, campus: Campus) -> None:
        course, item_id = await campus.draft(), uuid7()
        with pytest.raises(BadUserInput):
            await campus.module(course, [item_id, item_id])

    async def test_changes_of_a_draft_are_not_told(self, campus: Campus) -> None:
        await campus.module(await campus.draft(), [uuid7()])
        assert await events(campus.sessions, campus.author, "courses.module-changed.v1") == []

    async def test_a_change_of_a_published_course_tells_what_stands_in_it(self, campus: Campus) -> None:
        stays, comes = uuid7(), uuid7()
        course = await campus.course(item_ids=[stays])
        module_id = await campus.module(course, [comes])
        await self.upsert(campus, course_id=course.id, module_id=module_id, item_ids=[])
        added, emptied = await events(campus.sessions, campus.author, "courses.module-changed.v1")
        assert (added["course_id"], added["module_id"]) == (str(course.id), str(module_id))
        assert (added["item_ids"], added["course_item_ids"]) == ([str(comes)], [str(stays), str(comes)])
        assert (emptied["item_ids"], emptied["course_item_ids"]) == ([], [str(stays)])

    async def upsert(self, campus: Campus, **changes: Any) -> None:
        values: dict[str, Any] = {"module_id": None, "title": "Week", "item_ids": [], "expected_version": None}
        async with unit_of_work(campus.sessions, campus.author) as session:
            await service.upsert_module(session, once_only(), **{**values, **changes})


class TestPublishCourse:
    async def test_a_course_is_published_once_and_told_once(self, campus: Campus) -> None:
        course = await campus.course("algebra")
        assert course.status == CourseStatus.PUBLISHED
        assert course.published_at is not None
        with pytest.raises(AlreadyPublished):
            await self.publish(campus, course.id)
        (told,) = await events(campus.sessions, campus.author, "courses.course-published.v1")
        assert (told["course_id"], told["title"], told["slug"]) == (str(course.id), "Algebra", "algebra")

    async def test_it_is_told_what_stands_in_the_course_in_order(self, campus: Campus) -> None:
        first, second, third = uuid7(), uuid7(), uuid7()
        course = await campus.draft()
        await campus.module(course, [third, first])
        await campus.module(course, [second, first])
        await self.publish(campus, course.id)
        (told,) = await events(campus.sessions, campus.author, "courses.course-published.v1")
        assert told["item_ids"] == [str(third), str(first), str(second)]

    @pytest.mark.parametrize("modules", [0, 1])
    async def test_an_empty_course_is_refused(self, campus: Campus, modules: int) -> None:
        course = await campus.draft()
        for _ in range(modules):
            await campus.module(course, [])
        with pytest.raises(CourseEmpty):
            await self.publish(campus, course.id)

    async def test_two_publishers_at_once_tell_it_once(self, campus: Campus) -> None:
        course = await campus.draft()
        await campus.module(course, [uuid7()])
        outcomes = await asyncio.gather(*(self.publish(campus, course.id) for _ in range(3)), return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyPublished"] * 2 + ["NoneType"]
        assert len(await events(campus.sessions, campus.author, "courses.course-published.v1")) == 1

    async def test_another_tenants_course_is_not_found(self, campus: Campus, rival: Campus) -> None:
        course = await campus.draft()
        with pytest.raises(NotFound):
            await self.publish(rival, course.id)

    async def publish(self, campus: Campus, course_id: Any) -> None:
        async with unit_of_work(campus.sessions, campus.author) as session:
            await service.publish_course(session, once_only(), course_id, expected_version=None)


class TestEnroll:
    async def test_an_enrollment_is_told_with_its_row(self, campus: Campus) -> None:
        course = await campus.course()
        enrollment_id = await campus.enroll(course)
        (told,) = await events(campus.sessions, campus.author, "courses.enrolled.v1")
        assert told["enrollment_id"] == str(enrollment_id)
        assert told["user_id"] == str(campus.learner_id)
        assert told["course_title"] == course.title

    async def test_enrolling_twice_is_the_same_as_once(self, campus: Campus) -> None:
        course = await campus.course()
        assert await campus.enroll(course) == await campus.enroll(course)
        assert len(await events(campus.sessions, campus.author, "courses.enrolled.v1")) == 1

    async def test_enrolling_many_times_at_once_gives_one_row_and_one_event(self, campus: Campus) -> None:
        course = await campus.course()
        ids = await asyncio.gather(*(campus.enroll(course) for _ in range(8)))
        assert len(set(ids)) == 1
        assert len(await events(campus.sessions, campus.author, "courses.enrolled.v1")) == 1

    async def test_a_draft_does_not_exist_for_learners(self, campus: Campus) -> None:
        course = await campus.draft()
        with pytest.raises(NotFound):
            await campus.enroll(course)
        with pytest.raises(CourseNotPublished):
            await campus.enroll(course, campus.author)

    async def test_another_tenants_course_is_not_found(self, campus: Campus, rival: Campus) -> None:
        course = await campus.course()
        with pytest.raises(NotFound):
            await rival.enroll(course)


class TestRecordProgress:
    async def test_progress_is_the_mean_over_the_courses_items(self, campus: Campus) -> None:
        items = [uuid7() for _ in range(4)]
        course = await campus.course(item_ids=items)
        enrollment_id = await campus.enroll(course)
        assert (await self.record(campus, enrollment_id, items[0], 50)).progress == 0.125
        assert (await self.record(campus, enrollment_id, items[1], 100)).progress == 0.375

    async def test_progress_never_goes_back(self, campus: Campus) -> None:
        item = uuid7()
        enrollment_id = await campus.enroll(await campus.course(item_ids=[item]))
        await self.record(campus, enrollment_id, item, 80)
        assert (await self.record(campus, enrollment_id, item, 20)).progress == 0.8
        told = await events(campus.sessions, campus.author, "courses.progress-recorded.v1")
        assert [(each["percent"], each["progress"]) for each in told] == [(80, 0.8)]

    async def test_the_last_item_completes_the_enrollment(self, campus: Campus) -> None:
        first, last = uuid7(), uuid7()
        enrollment_id = await campus.enroll(await campus.course(item_ids=[first, last]))
        assert (await self.record(campus, enrollment_id, first, 100)).row.state == EnrollmentState.ACTIVE
        done = await self.record(campus, enrollment_id, last, 100)
        assert (done.row.state, done.progress, done.row.version) == (EnrollmentState.COMPLETED, 1, 3)

    async def test_items_recorded_at_once_complete_the_enrollment(self, campus: Campus) -> None:
        items = [uuid7() for _ in range(6)]
        enrollment_id = await campus.enroll(await campus.course(item_ids=items))
        await asyncio.gather(*(self.record(campus, enrollment_id, item, 100) for item in items))
        async with campus.sessions.read(campus.learner) as session:
            record = (await EnrollmentStore(session).by_ids([enrollment_id]))[enrollment_id]
        assert (record.row.state, record.progress) == (EnrollmentState.COMPLETED, 1)

    async def test_an_item_of_another_course_is_refused(self, campus: Campus) -> None:
        enrollment_id = await campus.enroll(await campus.course())
        with pytest.raises(ItemNotInCourse):
            await self.record(campus, enrollment_id, uuid7(), 10)

    @pytest.mark.parametrize("percent", [-1, 101])
    async def test_a_percentage_out_of_bounds_is_refused(self, campus: Campus, percent: int) -> None:
        item = uuid7()
        enrollment_id = await campus.enroll(await campus.course(item_ids=[item]))
        with pytest.raises(BadUserInput):
            await self.record(campus, enrollment_id, item, percent)

    async def test_somebody_elses_enrollment_is_not_found(self, campus: Campus, rival: Campus) -> None:
        item = uuid7()
        enrollment_id = await campus.enroll(await campus.course(item_ids=[item]))
        for stranger in (campus.someone(), campus.author, rival.learner):
            with pytest.raises(DomainError) as refusal:
                await self.record(campus, enrollment_id, item, 10, caller=stranger)
            assert isinstance(refusal.value, NotFound)

    async def record(
        self, campus: Campus, enrollment_id: Any, item_id: Any, percent: int, *, caller: Caller | None = None
    ) -> EnrollmentRecord:
        async with unit_of_work(campus.sessions, caller or campus.learner) as session:
            return await service.record_progress(
                session, once_only(), enrollment_id=enrollment_id, item_id=item_id, percent=percent
            )
