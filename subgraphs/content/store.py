"""Every document statement of the content subgraph."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import UpdateOne

from shared.documents import TenantDocuments
from shared.errors import BadUserInput
from shared.idempotency import MAX_KEY_LENGTH, NOBODY, Attempt, IdempotencyKeyReused
from subgraphs.content.models import Block, Claim, Lesson, Release

_BATCH: Final = 200


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
            fingerprint = attempt.fingerprint()
            await self._claims(id=self._id(attempt), fingerprint=fingerprint, result_id=result_id).insert()

    async def forget_of(self, user_id: UUID) -> int:
        """Drop the keys of one caller; returns how many."""
        bound: Any = self._claims
        theirs = {"_id": {"$gte": f"{user_id}:", "$lt": f"{user_id};"}}
        return (await bound.get_pymongo_collection().delete_many(theirs)).deleted_count

    def _id(self, attempt: Attempt) -> str:
        return f"{self._caller.user_id or NOBODY}:{attempt.operation}:{attempt.key}"
