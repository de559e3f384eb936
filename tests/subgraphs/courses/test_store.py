"""The statements of the courses subgraph, and the walls around a tenant."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from shared.database import unit_of_work
from shared.ids import uuid7
from shared.tenancy.names import database_name, tenant_schema
from subgraphs.courses.migrations import MIGRATIONS
from subgraphs.courses.models import Course, Model
from subgraphs.courses.store import CourseStore, EnrollmentStore, OutlineStore
from tests.factories.courses import Campus
from tests.tenants import Control


class TestTenancy:
    async def test_a_store_sees_its_own_tenant_only(self, campus: Campus, rival: Campus) -> None:
        course = await campus.course()
        async with rival.sessions.read(rival.author) as session:
            assert await CourseStore(session).by_ids([course.id]) == {}
            assert await OutlineStore(session).outlines([course.id]) == {}
            assert await EnrollmentStore(session).counts([course.id]) == {}

    async def test_another_tenants_schema_is_closed_even_to_hand_written_sql(
        self, campus: Campus, rival: Campus
    ) -> None:
        await campus.course()
        theirs = f"SELECT id FROM {tenant_schema(campus.tenant.id)}.courses"  # noqa: S608 - the attack
        async with rival.sessions.read(rival.author) as session:
            connection = await session.connection()
            with pytest.raises(ProgrammingError, match="permission denied"):
                await connection.exec_driver_sql(theirs)

    async def test_a_read_session_writes_nothing(self, campus: Campus) -> None:
        async with campus.sessions.read(campus.author) as session:
            with pytest.raises(Exception, match="read-only"):
                await CourseStore(session).add(uuid7(), slug="x", title="X", summary="")


class TestUnitOfWork:
    async def test_an_error_undoes_everything(self, campus: Campus) -> None:
        async def fail() -> None:
            async with unit_of_work(campus.sessions, campus.author) as session:
                await CourseStore(session).add(uuid7(), slug="x", title="X", summary="")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        async with campus.sessions.read(campus.author) as session:
            assert (await session.scalars(select(Course.id))).all() == []


class TestCounts:
    async def test_enrollments_are_counted_by_course(self, campus: Campus) -> None:
        popular, lonely = await campus.course("popular"), await campus.course("lonely")
        for _ in range(3):
            await campus.enroll(popular, campus.someone())
        async with campus.sessions.read(campus.author) as session:
            assert await EnrollmentStore(session).counts([popular.id, lonely.id]) == {popular.id: 3}

    async def test_an_item_taken_out_of_the_course_no_longer_counts(self, campus: Campus) -> None:
        kept, dropped = uuid7(), uuid7()
        course = await campus.course(item_ids=[kept, dropped])
        enrollment_id = await campus.enroll(course)
        async with unit_of_work(campus.sessions, campus.learner) as session:
            assert await EnrollmentStore(session).raise_progress(enrollment_id, kept, 60, course.created_at)
            (module,) = (await OutlineStore(session).outlines([course.id]))[course.id]
            await OutlineStore(session).put_items(module.row.id, [kept])
        async with campus.sessions.read(campus.learner) as session:
            record = (await EnrollmentStore(session).by_ids([enrollment_id]))[enrollment_id]
        assert record.progress == 0.6


class TestMigrations:
    async def test_the_tables_are_those_the_models_declare(self, campus: Campus, control: Control) -> None:
        columns = """
        SELECT table_name || '.' || column_name || ' ' || is_nullable FROM information_schema.columns
        WHERE table_schema = $1 AND table_name <> 'alembic_version'
        """
        async with control.admin() as admin, admin.engine(database_name(MIGRATIONS.subgraph)).connect() as connection:
            found = await connection.exec_driver_sql(columns, (tenant_schema(campus.tenant.id),))
            migrated = set(found.scalars())
        declared = {
            f"{table.name}.{column.name} {'YES' if column.nullable else 'NO'}"
            for table in Model.metadata.tables.values()
            for column in table.columns
        }
        assert migrated == declared
