"""What a tenant's lessons take up is counted exactly, and is no more than its quota."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared.events.documents import OutboxEntry
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.profile import QuotaExceeded, Quotas
from shared.tenancy.registry import Registry, tenants
from subgraphs.content.models import Claim, Lesson, StorageUse
from subgraphs.content.service import storage
from subgraphs.content.store import StorageStore
from tests.factories.content import Library
from tests.registry import restored
from tests.tenants import Control

SAVE = """mutation { saveLesson(input: {title: "Long", blocks: [{text: {markdown: "of some length"}}]}) {
  lesson { id } userErrors { code }
} }"""
TENANT = "query($them: [_Any!]!) { _entities(representations: $them) { ... on Tenant { storageBytes } } }"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def counted(library: Library) -> int:
    """As writers have counted."""
    async with library.documents.read(library.author) as documents:
        return await StorageStore(documents).used()


async def there(library: Library) -> int:
    """What the server says it holds."""
    async with library.documents.read(library.author) as documents:
        bound: Any = documents.of(Lesson)
        raw = bound.get_pymongo_collection().aggregate([{"$project": {"size": {"$bsonSize": "$$ROOT"}}}])
        async with await raw as found:
            return sum([each["size"] async for each in found])


async def told(library: Library) -> list[dict[str, Any]]:
    """What was told of refusals."""
    async with library.documents.read(library.author) as documents:
        entries = await documents.of(OutboxEntry).find({"topic": "content.quota-exceeded.v1"}).to_list()
    return [json.loads(entry.payload) for entry in entries]


async def test_what_is_written_revised_and_shortened_is_counted_to_the_byte(library: Library) -> None:
    lesson = await library.lesson(text="ä" * 300)
    assert await counted(library) == await there(library) > 600
    await library.lesson(text="x" * 5000, lesson_id=lesson.id)
    assert await counted(library) == await there(library) > 5000
    await library.lesson(text="x", lesson_id=lesson.id)
    assert await counted(library) == await there(library) < 600


async def test_of_writers_at_the_same_time_as_many_are_let_in_as_there_is_room_for(library: Library) -> None:
    await library.lesson(text="x" * 1000)
    one = await counted(library)
    library.quotas = Quotas(storage_bytes=4 * one)
    saving = (library.lesson(text="x" * 1000, key=str(number)) for number in range(6))
    outcomes = await asyncio.gather(*saving, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Lesson"] * 3 + ["QuotaExceeded"] * 3
    assert await counted(library) == await there(library) == 4 * one
    async with library.documents.read(library.author) as documents:
        assert await documents.of(Claim).find_all().count() == 3, "a refused attempt may be repeated"
    (event,) = await told(library)
    assert (event["measure"], event["limit"], event["used"]) == ("storage_bytes", 4 * one, 4 * one)


async def test_writers_at_the_same_time_take_turns_and_none_is_run_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, ran = StorageStore.add, list[int]()

    async def noted(self: StorageStore, more: int, *, now: datetime) -> int:
        ran.append(more)
        return await add(self, more, now=now)

    monkeypatch.setattr(StorageStore, "add", noted)
    await asyncio.gather(*(library.lesson(text="x", key=str(number)) for number in range(12)))
    assert len(ran) == 12
    assert await counted(library) == await there(library)


async def test_whoever_keeps_more_than_was_allowed_since_may_still_shorten_it(library: Library) -> None:
    lesson = await library.lesson(text="x" * 1000)
    library.quotas = Quotas(storage_bytes=10)
    with pytest.raises(QuotaExceeded):
        await library.lesson(text="x" * 1001, lesson_id=lesson.id)
    await library.lesson(text="y" * 999, lesson_id=lesson.id)
    assert await counted(library) == await there(library)


async def test_refusals_are_told_once_a_day(library: Library) -> None:
    for hours in (0, 1, 23, 25, 26):
        await storage.tell_exceeded(library.documents, library.author, 5, now=NOW + timedelta(hours=hours))
    assert [event["used"] for event in await told(library)] == [0, 0]


class TestRecount:
    async def test_what_was_written_otherwise_is_found_and_no_more_often_than_daily(self, library: Library) -> None:
        lesson = await library.lesson(text="x" * 1000)
        await lesson.delete()
        assert await counted(library) > 1000
        now = datetime.now(UTC)
        assert await storage.recount(library.documents, library.author, now=now)
        assert await counted(library) > 1000, "it was counted today"
        assert await storage.recount(library.documents, library.author, now=now + timedelta(days=2))
        assert await counted(library) == 0

    async def test_lessons_of_before_there_was_a_count_are_in_the_first_one(self, library: Library) -> None:
        await library.lesson(text="x" * 1000)
        async with library.documents.read(library.author) as documents:
            counts: Any = documents.of(StorageUse)
            await counts.get_pymongo_collection().delete_many({})
        assert await counted(library) == await there(library) > 1000
        await asyncio.gather(*(library.lesson(text="x" * 1000) for _ in range(2)))
        assert await counted(library) == await there(library) > 3000

    async def test_a_tenant_that_nobody_writes_in_is_counted_too(self, library: Library) -> None:
        await library.lesson(text="x" * 1000)
        async with library.documents.read(library.author) as documents:
            counts: Any = documents.of(StorageUse)
            await counts.get_pymongo_collection().delete_many({})
            assert await storage.recount(library.documents, library.author, now=NOW)
            kept = await documents.of(StorageUse).find_all().to_list()
        assert [one.size for one in kept] == [await there(library)]

    async def test_a_write_meanwhile_counts(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        await library.lesson()
        sum_ = StorageStore._sum  # pyright: ignore[reportPrivateUsage] - where somebody comes between

        async def slow(self: StorageStore) -> int:
            found = await sum_(self)
            await library.lesson(text="meanwhile")
            return found

        monkeypatch.setattr(StorageStore, "_sum", slow)
        later = datetime.now(UTC) + timedelta(days=2)
        assert not await storage.recount(library.documents, library.author, now=later)
        monkeypatch.undo()
        assert await counted(library) == await there(library)


class TestInTheGraph:
    async def test_a_refusal_is_coded_and_nothing_is_written(self, library: Library) -> None:
        library.quotas = Quotas(storage_bytes=100)
        answer = await library.ask(library.author, SAVE)
        assert answer["data"] == {"saveLesson": {"lesson": None, "userErrors": [{"code": "QUOTA_EXCEEDED"}]}}
        assert await counted(library) == await there(library) == 0

    async def test_managers_see_how_much_there_is(self, library: Library) -> None:
        await library.lesson()
        them = [{"__typename": "Tenant", "id": str(library.tenant.id)}]
        manager = library.tenant.caller("tenant:manage", role="OWNER")
        answer = await library.ask(manager, TENANT, them=them)
        assert answer["data"] == {"_entities": [{"storageBytes": await there(library)}]}
        refused = await library.ask(library.author, TENANT, them=them)
        assert refused["data"] == {"_entities": [{"storageBytes": None}]}
        assert [error["extensions"]["code"] for error in refused["errors"]] == ["FORBIDDEN"]


async def test_the_quota_is_what_the_tenants_record_says(library: Library, control: Control) -> None:
    registry = Registry.create(control.login_url("content"))
    async with restored(control, library.tenant):
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            this = sa.update(tenants).where(tenants.c.id == library.tenant.id)
            await connection.execute(this.values(ceilings={"storage_bytes": 77}))
        assert (await storage.quotas_of(registry)(library.author)).storage_bytes == 77
    await registry.aclose()
