"""Archives of the tenant, until they have been fetched or expire."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from subgraphs.auth.models.base import Model


class TenantExportPiece(Model):
    """A piece of an archive. It is kept here for it belongs to the tenant alone, and goes with its keys."""

    __tablename__ = "tenant_export_pieces"

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the order."""
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    """From 0."""
    sealed_content: Mapped[Protected] = mapped_column(ProtectedText())
    """In Base64."""
