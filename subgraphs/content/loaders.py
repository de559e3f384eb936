"""Batched reads of one request."""

from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller, TenantId
from shared.documents import Documents
from shared.graphql.loaders import batched
from subgraphs.content.models import Lesson
from subgraphs.content.service.releasing import visible_lessons
from subgraphs.content.service.storage import bytes_of


class Loaders:
    """The loaders of one request, reading as its caller."""

    def __init__(self, documents: Documents, caller: Caller) -> None:
        self.lesson_by_id: DataLoader[UUID, Lesson | None] = batched(documents, caller, visible_lessons)
        self.storage_bytes: DataLoader[TenantId, int | None] = batched(documents, caller, bytes_of)
