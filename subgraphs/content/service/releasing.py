"""Who may see a lesson: its authors always, everybody else once it stands in a published course."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.caller import Caller
from shared.documents import Documents, TenantDocuments
from subgraphs.content.models import Lesson
from subgraphs.content.service.lessons import AUTHOR
from subgraphs.content.store import LessonStore, ReleaseStore


def sees_everything(caller: Caller) -> bool:
    """Tell whether the caller sees what is not released yet, too."""
    return caller.may(AUTHOR)


async def visible_lessons(documents: TenantDocuments, ids: Sequence[UUID]) -> Mapping[UUID, Lesson]:
    """Those of the lessons that the caller may see."""
    found = await LessonStore(documents).by_ids(ids)
    if sees_everything(documents.caller):
        return found
    released = await ReleaseStore(documents).among(found)
    return {id_: lesson for id_, lesson in found.items() if id_ in released}


async def release(documents: Documents, caller: Caller, item_ids: Sequence[UUID]) -> None:
    """Show the items to everybody, for good; those that are not written yet as soon as they are."""
    async with documents.read(caller) as tenant:
        await ReleaseStore(tenant).add(item_ids, now=datetime.now(UTC))
