"""Every document statement of the content subgraph."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import bson
import pymongo
from beanie.odm.utils.dump import get_dict
from bson.codec_options import CodecOptions
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.documents import TenantDocuments
from shared.errors import BadUserInput
from shared.idempotency import MAX_KEY_LENGTH, NOBODY, RETENTION, Attempt, IdempotencyKeyReused
from subgraphs.content.models import Block, Claim, Lesson, Release, StorageUse

_BATCH: Final = 200
_COUNT_SECONDS: Final = 300
"""For counting everything anew, which nobody waits for."""
_AS_KEPT: Final[CodecOptions[dict[str, Any]]] = CodecOptions(uuid_representation=bson.UuidRepresentation.STANDARD)


class LessonStore:
    """Lessons of one tenant."""

    def __init__(self, documents: TenantDocuments) -> None:
        self._lessons = documents.of(Lesson)

    async def get(self, lesson_id: UUID) -> Lesson | None:
        return await self._lessons.get(lesson_id)

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, Lesson]:
        found = await self._lessons.find({"_id": {"$in": list(ids)}}).to_list()
        return {lesson.id: lesson for lesson in found}

    async def add(
        self, lesson_id: UUID, *, title: str, blocks: Sequence[Block], duration: int, now: datetime
    ) -> Lesson:
        lesson = self._lessons(
            id=lesson_id,
            title=title,
            blocks=list(blocks),
            estimated_duration=duration,
            revision=1,
            created_at=now,
            updated_at=now,
        )
        return await lesson.insert()

    async def replace(self, lesson: Lesson) -> None:
        """Write a changed lesson; of two transactions at the same time, the later is run again."""
        await lesson.replace()

    @staticmethod
    def size(lesson: Lesson) -> int:
        """How many bytes a lesson takes up where it is kept, without indexes."""
        return len(bson.encode(get_dict(lesson, to_db=True), codec_options=_AS_KEPT))

    async def all(self) -> AsyncGenerator[Sequence[Lesson]]:
        """Every lesson, in batches, in the order of their ids."""
        after: dict[str, Any] = {}
        while batch := await self._lessons.find(after).sort("_id").limit(_BATCH).to_list():
            yield batch
            after = {"_id": {"$gt": batch[-1].id}}


class ReleaseStore:
    """What everybody of one tenant may see."""

    def __init__(self, documents: TenantDocuments) -> None:
        self._releases = documents.of(Release)

    async def among(self, item_ids: Iterable[UUID]) -> frozenset[UUID]:
        """Those of the items that are released."""
        found = await self._releases.find({"_id": {"$in": list(item_ids)}}).to_list()
        return frozenset(release.id for release in found)

    async def add(self, item_ids: Iterable[UUID], *, now: datetime) -> None:
        """Release the items; safe to repeat, and the first time counts."""
        writes = [UpdateOne({"_id": id_}, {"$setOnInsert": {"released_at": now}}, upsert=True) for id_ in item_ids]
        if writes:
            bound: Any = self._releases
            await bound.get_pymongo_collection().bulk_write(writes, ordered=False)


class ClaimStore:
    """Idempotency keys of one tenant's callers."""

    def __init__(self, documents: TenantDocuments) -> None:
        self._caller = documents.caller
        self._claims = documents.of(Claim)

    async def recall(self, attempt: Attempt) -> UUID | None:
        """What an earlier sending of the attempt has made; None if this is the first.

        Raises:
            IdempotencyKeyReused: the key was used for another input.
        """
        if attempt.key is None:
            return None
        if not 0 < len(attempt.key) <= MAX_KEY_LENGTH:
            raise BadUserInput(f"`idempotencyKey` must have 1 to {MAX_KEY_LENGTH} characters", field="idempotencyKey")
        claim = await self._claims.get(self._id(attempt))
        if claim is not None and claim.fingerprint != attempt.fingerprint():
            raise IdempotencyKeyReused
        return claim.result_id if claim else None

    async def keep(self, attempt: Attempt, result_id: UUID) -> None:
        if attempt.key is not None:
            claim = self._claims(
                id=self._id(attempt),
                fingerprint=attempt.fingerprint(),
                result_id=result_id,
                created_at=datetime.now(UTC),
            )
            await claim.insert()

    async def forget_old(self, *, now: datetime) -> int:
        """Drop the keys older than `RETENTION`; returns how many. One of unknown age is as old as this call."""
        bound: Any = self._claims
        claims = bound.get_pymongo_collection()
        await claims.update_many({"created_at": None}, {"$set": {"created_at": now}})
        return (await claims.delete_many({"created_at": {"$lt": now - RETENTION}})).deleted_count

    async def forget_of(self, user_id: UUID) -> int:
        """Drop the keys of one caller; returns how many."""
        bound: Any = self._claims
        theirs = {"_id": {"$gte": f"{user_id}:", "$lt": f"{user_id};"}}
        return (await bound.get_pymongo_collection().delete_many(theirs)).deleted_count

    def _id(self, attempt: Attempt) -> str:
        return f"{self._caller.user_id or NOBODY}:{attempt.operation}:{attempt.key}"


class StorageStore:
    """The count of what one tenant's lessons take up."""

    _THE_ONE: Final[Mapping[str, Any]] = {"_id": "lessons"}

    def __init__(self, documents: TenantDocuments) -> None:
        counts: Any = documents.of(StorageUse)
        lessons: Any = documents.of(Lesson)
        self._counts = counts.get_pymongo_collection()
        self._lessons = lessons.get_pymongo_collection()

    async def used(self) -> int:
        """Bytes; counted anew as long as nothing was written since there is a count."""
        kept = await self._counts.find_one(self._THE_ONE)
        return await self._sum() if kept is None else kept["size"]

    async def add(self, more: int, *, now: datetime) -> int:
        """Count bytes that the same transaction has written; returns how many there are with them."""
        change = {"$inc": {"size": more, "changes": 1}}
        kept = await self._counts.find_one_and_update(self._THE_ONE, change, return_document=ReturnDocument.AFTER)
        return (kept or await self._begin(now))["size"]

    async def note_refusal(self, *, now: datetime, unless_after: datetime) -> bool:
        """Whether it is to be told that the tenant was refused: false if that was told after then."""
        if await self._counts.find_one(self._THE_ONE) is None:
            await self._begin(now)
        untold = {**self._THE_ONE, "$or": [{"told_at": None}, {"told_at": {"$lt": unless_after}}]}
        return (await self._counts.update_one(untold, {"$set": {"told_at": now}})).modified_count > 0

    async def recount(self, *, now: datetime, unless_after: datetime) -> bool:
        """Count everything, outside any transaction; false if somebody has written meanwhile."""
        kept = await self._counts.find_one(self._THE_ONE)
        if kept is not None and kept["counted_at"] > unless_after:
            return True
        with pymongo.timeout(_COUNT_SECONDS):
            size = await self._sum()
        if kept is None:
            return await self._is_first(size, now)
        same = {**self._THE_ONE, "changes": kept["changes"]}
        counted = {"$set": {"size": size, "counted_at": now}}
        return (await self._counts.update_one(same, counted)).matched_count > 0

    async def _is_first(self, size: int, now: datetime) -> bool:
        """Keep the first count, unless a writer has made it meanwhile."""
        try:
            await self._counts.insert_one(self._count(size, now))
        except DuplicateKeyError:
            return False
        return True

    def _count(self, size: int, now: datetime) -> dict[str, Any]:
        return {**self._THE_ONE, "size": size, "changes": 0, "counted_at": now, "told_at": None}

    async def _begin(self, now: datetime) -> dict[str, Any]:
        """Count for the first time: of two transactions that do, one is run again."""
        kept = self._count(await self._sum(), now)
        await self._counts.insert_one(kept)
        return kept

    async def _sum(self) -> int:
        sizes = [{"$group": {"_id": None, "size": {"$sum": {"$bsonSize": "$$ROOT"}}}}]
        async with await self._lessons.aggregate(sizes) as found:
            return sum([each["size"] async for each in found])
