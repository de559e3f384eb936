"""What subgraphs hold of a person is found by the shape of their tables, and erased with what refers to it."""

from collections.abc import AsyncGenerator
from importlib import import_module

import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.personal_data import EXPORT_REQUESTED, USER_ERASED, DataRequested, Holdings
from subgraphs.courses.consumers import HANDLERS
from subgraphs.courses.models import Course, Enrollment, ItemProgress, Model
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant


def test_every_subgraph_with_tables_of_people_answers() -> None:
    for subgraph in ("analytics", "auth", "courses", "notifications"):
        assert {EXPORT_REQUESTED, USER_ERASED} <= set(import_module(f"subgraphs.{subgraph}.consumers").HANDLERS)


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
