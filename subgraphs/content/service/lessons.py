"""Writing lessons, and when that is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.documents import Documents, TenantDocuments, documents_unit_of_work
from shared.errors import BadUserInput, NotFound, VersionConflict
from shared.events.documents import record_document
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.tenancy.profile import QuotaExceeded
from subgraphs.content.events import LessonRevised
from subgraphs.content.models import Block, Lesson
from subgraphs.content.service.storage import QuotasOf, keep, tell_exceeded
from subgraphs.content.store import ClaimStore, LessonStore

AUTHOR: Final = "content:write"
MAX_BLOCKS: Final = 200
MAX_DURATION: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Draft:
    """What a lesson shall be; `duration` in seconds."""

    title: str
    blocks: Sequence[Block]
    duration: int


async def save_lesson(
    documents: Documents,
    caller: Caller,
    attempt: Attempt,
    draft: Draft,
    *,
    lesson_id: UUID | None,
    expected_version: int | None,
    quotas_of: QuotasOf,
) -> Lesson:
    """Write a new lesson or, if `lesson_id` is given, a new revision of one. Saving it unchanged makes no revision.

    Raises:
        BadUserInput: the draft is out of bounds, or a new lesson expects a version.
        NotFound: there is no such lesson.
        VersionConflict: it has changed since the caller read it.
        QuotaExceeded: the tenant may not keep that much.
    """
    caller.require(AUTHOR)
    _check(draft, lesson_id, expected_version)
    quotas = await quotas_of(caller)

    async def save(tenant: TenantDocuments) -> Lesson:
        claims, lessons = ClaimStore(tenant), LessonStore(tenant)
        done = await claims.recall(attempt)
        if done is not None:
            return await _present(lessons, done)
        before = None if lesson_id is None else await _present(lessons, lesson_id)
        taken = 0 if before is None else lessons.size(before)
        lesson = await _add(tenant, draft) if before is None else await _revise(tenant, before, draft, expected_version)
        await claims.keep(attempt, lesson.id)
        await keep(tenant, lessons.size(lesson) - taken, quotas)
        return lesson

    try:
        async with documents.turn(caller):  # at the count of the tenant's bytes
            return await documents_unit_of_work(documents, caller, save)
    except QuotaExceeded as refusal:
        await tell_exceeded(documents, caller, refusal.extensions["limit"], now=datetime.now(UTC))
        raise


def _check(draft: Draft, lesson_id: UUID | None, expected_version: int | None) -> None:
    if len(draft.blocks) > MAX_BLOCKS:
        raise BadUserInput(f"A lesson has at most {MAX_BLOCKS} blocks", field="blocks")
    if lesson_id is None and expected_version is not None:
        raise BadUserInput("A new lesson has no version to expect: give its `id` too", field="expectedVersion")
    if not 0 <= draft.duration <= MAX_DURATION:
        raise BadUserInput(f"`estimatedDuration` must be 0 to {MAX_DURATION} seconds", field="estimatedDuration")


async def _add(tenant: TenantDocuments, draft: Draft) -> Lesson:
    now = datetime.now(UTC)
    lesson = await LessonStore(tenant).add(
        uuid7(), title=draft.title, blocks=draft.blocks, duration=draft.duration, now=now
    )
    await _tell(tenant, lesson)
    return lesson


async def _revise(tenant: TenantDocuments, lesson: Lesson, draft: Draft, expected_version: int | None) -> Lesson:
    if expected_version not in {None, lesson.revision}:
        raise VersionConflict(path=("input", "expectedVersion"))
    if Draft(lesson.title, lesson.blocks, lesson.estimated_duration) == draft:
        return lesson
    lesson.title, lesson.blocks, lesson.estimated_duration = draft.title, list(draft.blocks), draft.duration
    lesson.revision += 1
    lesson.updated_at = datetime.now(UTC)
    await LessonStore(tenant).replace(lesson)
    await _tell(tenant, lesson)
    return lesson


async def _tell(tenant: TenantDocuments, lesson: Lesson) -> None:
    revised = LessonRevised(
        tenant_id=tenant.caller.tenant_id, lesson_id=lesson.id, title=lesson.title, revision=lesson.revision
    )
    await record_document(tenant, revised)


async def _present(lessons: LessonStore, lesson_id: UUID) -> Lesson:
    lesson = await lessons.get(lesson_id)
    if lesson is None:
        raise NotFound("There is no such lesson")
    return lesson
