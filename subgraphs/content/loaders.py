"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller
from shared.documents import Documents, TenantDocuments
from shared.graphql.loaders import batched
from subgraphs.content.models import Lesson
from subgraphs.content.store import LessonStore


class Loaders:
    """The loaders of one request, reading as its caller."""

    def __init__(self, documents: Documents, caller: Caller) -> None:
        self.lesson_by_id: DataLoader[UUID, Lesson | None] = batched(documents, caller, _lessons_by_id)


async def _lessons_by_id(documents: TenantDocuments, ids: Sequence[UUID]) -> Mapping[UUID, Lesson]:
    return await LessonStore(documents).by_ids(ids)
