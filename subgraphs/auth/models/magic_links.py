"""Links that are sent by mail."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model


class LinkPurpose(StrEnum):
    """What a mailed link is good for, and for nothing else."""

    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - no password
    SIGN_IN = "SIGN_IN"
    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"


class MailedLink(Model):
    """Something that whoever reads the mail of an address may do once. The mail holds a code made of its id.

    It is kept also for an address that is nobody's, so that asking for one takes as long.
    """

    __tablename__ = "mailed_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    purpose: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Account.user_id, ondelete="CASCADE"), index=True)
    """Whose address it was; None if it was nobody's."""
    email_digest: Mapped[bytes]
    """Of the address, which must still be the account's when the link is used."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
