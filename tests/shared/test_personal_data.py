"""What subgraphs hold of a person is found by the shape of their tables, and erased with what refers to it."""

from collections.abc import AsyncGenerator
from importlib import import_module

import orjson
import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.personal_data import EXPORT_REQUESTED, USER_ERASED, USERS_MERGED, DataRequested, Holdings, UsersMerged
from shared.sealed_boxes import BoxKey
from subgraphs.courses.consumers import HANDLERS
from subgraphs.courses.models import Course, Enrollment, ItemProgress, Model
from subgraphs.notifications.consumers import HANDLERS as NOTIFICATION_HANDLERS
from subgraphs.notifications.models import Mailbox, Notification
from subgraphs.notifications.store import NotificationStore
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant


def test_every_subgraph_with_tables_of_people_answers() -> None:
    for subgraph in ("analytics", "auth", "courses", "notifications"):
        assert {EXPORT_REQUESTED, USER_ERASED, USERS_MERGED} <= set(
            import_module(f"subgraphs.{subgraph}.consumers").HANDLERS
        )


@pytest.mark.parametrize("subgraph", ["auth", "courses", "notifications", "users"])
def test_no_table_that_refers_to_a_person_by_its_name_is_left_out(subgraph: str) -> None:
    declared: sa.MetaData = import_module(f"subgraphs.{subgraph}.models").Model.metadata
    held = {table.name for table in Holdings.of(declared).person}
    assert {table.name for table in declared.tables.values() if "user_id" in table.columns} <= held


@pytest.fixture
async def courses(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions of the courses subgraph."""
    async with opened(control, "courses", pool_size=2) as sessions:
        yield sessions


async def test_what_refers_to_a_persons_rows_goes_with_them(courses: Sessions, tenant: Tenant) -> None:
    ada, bob = uuid7(), uuid7()
    asked = DataRequested(tenant_id=tenant.id, request_id=uuid7(), user_id=ada)
    async with unit_of_work(courses, tenant.caller()) as session:
        course = Course(slug="c", title="C")
        session.add(course)
        await session.flush()
        for person in (ada, bob):
            enrollment = Enrollment(course_id=course.id, user_id=person)
            session.add(enrollment)
            await session.flush()
            session.add(ItemProgress(enrollment_id=enrollment.id, item_id=uuid7(), percent=50))
    async with unit_of_work(courses, tenant.caller()) as session:
        rows = [row["table"] async for row in Holdings.of(Model.metadata).export(session, ada)]
        await HANDLERS[EXPORT_REQUESTED].handle(session, asked)
        await HANDLERS[USER_ERASED].handle(session, asked)
    async with courses.read(tenant.caller()) as session:
        left = (await session.scalars(sa.select(Enrollment.user_id))).all()
        progress = await session.scalar(sa.select(sa.func.count()).select_from(ItemProgress))
        told = [(row.topic, row.payload["rows"]) for row in await session.scalars(sa.select(OutboxRow))]
    assert sorted(rows) == ["enrollments", "item_progress"]
    assert (left, progress) == ([bob], 1)
    assert told[1] == ("courses.personal-data-erased.v1", 2)
    assert [row["table"] for row in told[0][1]] == sorted(rows)


async def test_rows_are_told_to_nobody_but_who_asked(courses: Sessions, tenant: Tenant) -> None:
    ada, key, request_id = uuid7(), BoxKey.generate(), uuid7()
    asked = DataRequested(tenant_id=tenant.id, request_id=request_id, user_id=ada, public_key=key.public)
    async with unit_of_work(courses, tenant.caller()) as session:
        course = Course(slug="c", title="C")
        session.add(course)
        await session.flush()
        session.add(Enrollment(course_id=course.id, user_id=ada))
        await session.flush()
        await HANDLERS[EXPORT_REQUESTED].handle(session, asked)
    async with courses.read(tenant.caller()) as session:
        [told] = await session.scalars(sa.select(OutboxRow.payload))
    assert told["rows"] == []
    [row] = [orjson.loads(key.open(one, context=str(request_id))) for one in told["sealed_rows"]]
    assert (row["table"], row["data"]["user_id"]) == ("enrollments", str(ada))


class TestMerge:
    async def test_gives_what_one_has_and_keeps_the_best_of_what_both_have(
        self, courses: Sessions, tenant: Tenant
    ) -> None:
        ada, again, item, other_item = uuid7(), uuid7(), uuid7(), uuid7()
        async with unit_of_work(courses, tenant.caller()) as session:
            shared, own = Course(slug="shared", title="Shared"), Course(slug="own", title="Own")
            session.add_all([shared, own])
            await session.flush()
            enrollments = [
                Enrollment(course_id=shared.id, user_id=ada, state="COMPLETED"),
                Enrollment(course_id=shared.id, user_id=again),
                Enrollment(course_id=own.id, user_id=ada),
            ]
            session.add_all(enrollments)
            await session.flush()
            learned = [(0, item, 80), (0, other_item, 10), (1, item, 30), (2, item, 40)]
            session.add_all(ItemProgress(enrollment_id=enrollments[n].id, item_id=i, percent=p) for n, i, p in learned)
        event = UsersMerged(tenant_id=tenant.id, request_id=uuid7(), user_id=ada, into_id=again)
        for _ in range(2):
            async with unit_of_work(courses, tenant.caller()) as session:
                await HANDLERS[USERS_MERGED].handle(session, event)
        async with courses.read(tenant.caller()) as session:
            places = sa.select(Enrollment.id, Enrollment.user_id, Enrollment.state)
            left = {tuple(row) for row in await session.execute(places)}
            progress = sa.select(ItemProgress.enrollment_id, ItemProgress.item_id, ItemProgress.percent)
            kept = {tuple(row) for row in await session.execute(progress)}
            told = [row.topic for row in await session.scalars(sa.select(OutboxRow))]
        assert left == {(enrollments[1].id, again, "COMPLETED"), (enrollments[2].id, again, "ACTIVE")}
        assert kept == {
            (enrollments[1].id, item, 80),
            (enrollments[1].id, other_item, 10),
            (enrollments[2].id, item, 40),
        }
        assert set(told) == {"courses.personal-data-erased.v1"}

    async def test_numbers_what_the_one_was_told_behind_what_the_other_was(
        self, control: Control, tenant: Tenant
    ) -> None:
        ada, again, both = uuid7(), uuid7(), uuid7()
        told = {"kind": "ENROLLED", "body": ""}
        async with opened(control, "notifications", pool_size=2) as notifications:
            async with unit_of_work(notifications, tenant.caller()) as session:
                for user_id, titles in ((ada, ("both", "a", "b")), (again, ("c", "both"))):
                    for title in titles:
                        event_id = both if title == "both" else uuid7()
                        await NotificationStore(session, user_id).add(event_id=event_id, title=title, **told)
            event = UsersMerged(tenant_id=tenant.id, request_id=uuid7(), user_id=ada, into_id=again)
            async with unit_of_work(notifications, tenant.caller()) as session:
                await NOTIFICATION_HANDLERS[USERS_MERGED].handle(session, event)
            async with notifications.read(tenant.caller()) as session:
                chosen = sa.select(Notification.user_id, Notification.title, Notification.number)
                left = [tuple(row) for row in await session.execute(chosen.order_by(Notification.number))]
                boxes = [tuple(row) for row in await session.execute(sa.select(Mailbox.user_id, Mailbox.last_number))]
        assert left == [(again, "c", 1), (again, "both", 2), (again, "a", 3), (again, "b", 4)]
        assert boxes == [(again, 4)]
