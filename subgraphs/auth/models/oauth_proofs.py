"""What software has proved once, so that nobody proves it with the same again."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.auth.models.base import Model


class OAuthUsedProof(Model):
    """A DPoP proof or a client's assertion that has been used. Sources: RFC 9449, section 11.1; RFC 7523, section 3."""

    __tablename__ = "oauth_used_proofs"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    """Of whose it is and its id."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """When it is refused anyway."""
