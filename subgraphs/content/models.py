"""The documents of the content subgraph, in each tenant's database, and its tables, in each tenant's schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from beanie import Document
from pydantic import BaseModel, Field

from shared.database import Base, subgraph_metadata
from shared.documents import TenantDocument
from shared.events.documents import OUTBOX_MODELS
from shared.events.inbox import inbox_table
from shared.events.outbox import outbox_table
from shared.idempotency import idempotency_table
from shared.vectors.pgvector import embedding_table


class Model(Base):
    __abstract__ = True
    metadata = subgraph_metadata()


outbox_table(Model.metadata)
inbox_table(Model.metadata)
idempotency_table(Model.metadata)
embedding_table(Model.metadata)


class TextBlock(BaseModel):
    kind: Literal["text"] = "text"
    markdown: str


class VideoBlock(BaseModel):
    kind: Literal["video"] = "video"
    url: str
    caption: str
    duration: int
    """Seconds."""


class CodeBlock(BaseModel):
    kind: Literal["code"] = "code"
    language: str
    source: str


Block: TypeAlias = TextBlock | VideoBlock | CodeBlock


class Lesson(TenantDocument):
    """A lesson in its newest revision."""

    title: str
    blocks: list[Annotated[Block, Field(discriminator="kind")]]
    estimated_duration: int
    """Seconds."""
    revision: int
    created_at: datetime
    updated_at: datetime

    class Settings:
        name = "lessons"


class Release(TenantDocument):
    """Something that stands in a published course, or stood in one; its id is the item's.

    It is kept apart from the item because a course may be published before the item is written.
    """

    released_at: datetime

    class Settings:
        name = "releases"


class Claim(Document):
    """An idempotency key that was used, and for what."""

    id: str  # pyright: ignore[reportGeneralTypeIssues,reportIncompatibleVariableOverride] - Beanie's default is an ObjectId or None
    """User, operation and key."""
    fingerprint: bytes
    result_id: UUID
    created_at: datetime | None = None
    """None if it was kept before this was noted."""

    class Settings:
        name = "idempotency"


class StorageUse(Document):
    """How many bytes the tenant's lessons take up, as BSON: one document, changed with each of them."""

    id: str  # pyright: ignore[reportGeneralTypeIssues,reportIncompatibleVariableOverride] - Beanie's default is an ObjectId or None
    size: int
    """Bytes."""
    changes: int
    """One more with each change of `size`: who counts everything anew sees by it that nobody has written meanwhile."""
    counted_at: datetime
    """When everything was counted last."""
    told_at: datetime | None = None
    """When it was told last that the tenant was refused something."""

    class Settings:
        name = "storage"


DOCUMENTS: Final[Sequence[type[Document]]] = (Lesson, Release, Claim, StorageUse, *OUTBOX_MODELS)
"""Every document class; provisioning makes their collections."""
