"""What a tenant asks its people's consent to, and what they have said."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.users.models.base import Model
from subgraphs.users.models.people import User


class ConsentDocument(Model):
    """One version of a text; a version that was published never changes, and the latest of a key counts."""

    __tablename__ = "consent_documents"
    __table_args__ = (sa.UniqueConstraint("key", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    key: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    required: Mapped[bool]
    published_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    retired_at: Mapped[datetime | None]
    """From then on nobody is asked any more."""


class Consent(Model):
    """Somebody has said yes or no to a version; the latest that they said of a key counts, and all of it is kept."""

    __tablename__ = "consents"
    __table_args__ = (sa.Index("ix_consents_user_id_id", "user_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    document_id: Mapped[UUID] = mapped_column(sa.ForeignKey(ConsentDocument.id))
    granted: Mapped[bool]
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
