"""The statements of the content subgraph, and the walls around a tenant."""

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, cast

import pytest
from beanie.exceptions import CollectionWasNotInitialized

from shared.documents import TenantDocuments, documents_unit_of_work
from shared.idempotency import RETENTION, Attempt
from shared.ids import uuid7
from shared.tenancy.names import database_name, tenant_schema
from subgraphs.content.migrations import MIGRATIONS
from subgraphs.content.models import Claim, Lesson, Model
from subgraphs.content.service.forgetting import forget_old
from subgraphs.content.store import ClaimStore, LessonStore
from tests.factories.content import Library
from tests.tenants import Control


class TestLessonStore:
    async def test_lessons_are_found_by_their_ids(self, library: Library) -> None:
        first, second = await library.lesson("One"), await library.lesson("Two")
        async with library.documents.read(library.reader) as documents:
            found = await LessonStore(documents).by_ids([first.id, uuid7(), second.id])
        assert {id_: lesson.title for id_, lesson in found.items()} == {first.id: "One", second.id: "Two"}

    async def test_all_lessons_come_in_batches_in_the_order_in_which_they_were_made(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("subgraphs.content.store._BATCH", 2)
        made = [(await library.lesson(f"Lesson {number}")).id for number in range(5)]
        async with library.documents.read(library.reader) as documents:
            batches = [[lesson.id for lesson in batch] async for batch in LessonStore(documents).all()]
        assert [len(batch) for batch in batches] == [2, 2, 1]
        assert list(chain.from_iterable(batches)) == made

    async def test_a_store_sees_its_own_tenant_only(self, library: Library, rival: Library) -> None:
        lesson = await library.lesson()
        async with rival.documents.read(rival.author) as documents:
            assert await LessonStore(documents).get(lesson.id) is None

    async def test_a_declared_class_belongs_to_no_tenant(self, library: Library) -> None:
        await library.lesson()
        with pytest.raises(CollectionWasNotInitialized):
            await Lesson.find_all().to_list()

    async def test_times_keep_their_zone(self, library: Library) -> None:
        lesson = await library.lesson()
        async with library.documents.read(library.reader) as documents:
            kept = await LessonStore(documents).get(lesson.id)
        assert kept is not None
        assert kept.created_at.tzinfo is not None
        assert abs((kept.created_at - lesson.created_at).total_seconds()) < 0.001


class TestClaims:
    async def test_old_ones_are_forgotten_and_those_of_unknown_age_are_kept_as_long_as_new_ones(
        self, library: Library
    ) -> None:
        now, attempts = datetime.now(UTC), [Attempt("saveLesson", key, {}) for key in ("known", "unknown")]
        made = uuid7()

        async def keep(documents: TenantDocuments) -> None:
            for attempt in attempts:
                await ClaimStore(documents).keep(attempt, made)

        await documents_unit_of_work(library.documents, library.author, keep)
        async with library.documents.read(library.author) as documents:
            store, claims = ClaimStore(documents), cast("Any", documents.of(Claim)).get_pymongo_collection()
            await claims.update_one({"_id": {"$regex": ":unknown$"}}, {"$unset": {"created_at": ""}})
            later = now + RETENTION + timedelta(minutes=1)
            assert await forget_old(library.documents, library.author, now) == 0
            assert [await store.recall(attempt) for attempt in attempts] == [made, made]
            await claims.update_one({"_id": {"$regex": ":unknown$"}}, {"$unset": {"created_at": ""}})
            assert await forget_old(library.documents, library.author, later) == 1
            assert [await store.recall(attempt) for attempt in attempts] == [None, made]
            assert await forget_old(library.documents, library.author, later + RETENTION + timedelta(minutes=1)) == 1


class TestMigrations:
    async def test_the_tables_are_those_the_models_declare(self, library: Library, control: Control) -> None:
        columns = """
        SELECT table_name || '.' || column_name || ' ' || is_nullable FROM information_schema.columns
        WHERE table_schema = $1 AND table_name <> 'alembic_version'
        """
        async with control.admin() as admin, admin.engine(database_name(MIGRATIONS.subgraph)).connect() as connection:
            found = await connection.exec_driver_sql(columns, (tenant_schema(library.tenant.id),))
            migrated = set(found.scalars())
        declared = {
            f"{table.name}.{column.name} {'YES' if column.nullable else 'NO'}"
            for table in Model.metadata.tables.values()
            for column in table.columns
        }
        assert migrated == declared
