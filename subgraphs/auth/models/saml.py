"""What of identity providers is SAML's alone, and the assertions that were used."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.identity_providers import IdentityProvider


class SamlProvider(Model):
    """How a provider is spoken with by SAML; all else, and the tenant's private key, stands with the provider."""

    __tablename__ = "saml_providers"

    provider_id: Mapped[UUID] = mapped_column(sa.ForeignKey(IdentityProvider.id, ondelete="CASCADE"), primary_key=True)
    sso_url: Mapped[str]
    """Where browsers bring requests (HTTP-Redirect)."""
    certificates: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    """Of all the keys that it may sign with, in PEM: two while it changes its key."""
    own_certificate: Mapped[str]
    """Of the tenant's key, in PEM."""
    other_certificate: Mapped[str | None]
    """Of another one, while the tenant changes its key."""
    sealed_other_key: Mapped[Protected | None] = mapped_column(ProtectedText)
    """That key, in PEM."""
    metadata_url: Mapped[str | None]
    """Where the provider's metadata was read; None if they were sent."""
    name_id_format: Mapped[str]
    attributes: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """What is read in which attribute: ``subject``, ``email``, ``display_name``, ``role``."""
    role_values: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """Which role newcomers have, by a value of the role's attribute."""
    allows_unsolicited: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether sign-ins may begin at the provider."""


class SamlAssertion(Model):
    """One that was used, kept for as long as it would count: nobody uses it again."""

    __tablename__ = "saml_assertions"

    provider_id: Mapped[UUID] = mapped_column(sa.ForeignKey(IdentityProvider.id, ondelete="CASCADE"), primary_key=True)
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    """Of its ID."""
    ends_at: Mapped[datetime] = mapped_column(index=True)
