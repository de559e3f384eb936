"""Identity providers of a tenant's own, and who comes through them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.data_keys import Protected, ProtectedText
from shared.ids import uuid7
from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.base import Model


class IdentityProviderKind(StrEnum):
    OIDC = "OIDC"
    SAML = "SAML"


class IdentityProvider(Model):
    """Somebody else who says who people are, as far as the tenant trusts them."""

    __tablename__ = "identity_providers"
    __table_args__ = (sa.UniqueConstraint("alias"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    alias: Mapped[str]
    """Its name in addresses."""
    kind: Mapped[str]
    name: Mapped[str]
    enabled: Mapped[bool] = mapped_column(server_default=sa.true())
    issuer: Mapped[str]
    client_id: Mapped[str]
    """What the provider knows the tenant by: with SAML, the tenant's entity ID."""
    sealed_client_secret: Mapped[Protected] = mapped_column(ProtectedText)
    """What the tenant proves itself with there: with SAML, its private key, in PEM."""
    email_domains: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    """Whose verified e-mail addresses it may speak for; nobody else's account is ever linked by an address."""
    return_uris: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    """Where people may be sent once they have signed in; compared letter by letter."""
    opens_accounts: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether newcomers get an account at their first sign-in."""
    second_factor_counts: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether a second factor that somebody has shown to the provider stands for theirs here."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class FederatedIdentity(Model):
    """Whom a provider means by a subject."""

    __tablename__ = "federated_identities"

    provider_id: Mapped[UUID] = mapped_column(sa.ForeignKey(IdentityProvider.id, ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Account.user_id), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class FederatedSignIn(Model):
    """A sign-in that the provider has answered, which it does once; the client completes it once."""

    __tablename__ = "federated_sign_ins"
    __table_args__ = (sa.UniqueConstraint("state_hash"), sa.UniqueConstraint("code_hash"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    provider_id: Mapped[UUID] = mapped_column(sa.ForeignKey(IdentityProvider.id, ondelete="CASCADE"), index=True)
    state_hash: Mapped[bytes]
    browser_hash: Mapped[bytes | None]
    """Kept by servers of before, which keep what has not been answered yet as well."""
    sealed_proofs: Mapped[Protected | None] = mapped_column(ProtectedText(earlier="identity-provider"))
    """The same."""
    return_uri: Mapped[str]
    code_challenge: Mapped[str | None]
    """Of the verifier that the client keeps; None if it keeps none. Source: RFC 7636."""
    asked_again: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether the provider was to have the person prove anew who they are."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    subject: Mapped[str | None]
    authenticated_at: Mapped[datetime | None]
    """When the person proved who they are, as the provider says; None if it does not."""
    amr: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    """What that counts as here. Source: RFC 8176."""
    refusal: Mapped[str | None]
    """The code of why no account is opened for the person; None if one is, or there is one."""
    code_hash: Mapped[bytes | None]
    completed_at: Mapped[datetime | None]
