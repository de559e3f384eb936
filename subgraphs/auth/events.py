"""What the auth subgraph tells the others."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared import personal_data
from shared.events import Event
from shared.roles import Role


class TenantCreated(Event, frozen=True, kw_only=True):
    """A tenant is provisioned everywhere and has its owner's account."""

    topic: ClassVar[str] = "auth.tenant-created.v1"

    slug: str
    name: str
    owner_id: UUID
    owner_email: str
    owner_name: str


class AccountOpened(Event, frozen=True, kw_only=True):
    """A person can sign in from now on."""

    topic: ClassVar[str] = "auth.account-opened.v1"

    user_id: UUID


class ApiTokenCreated(Event, frozen=True, kw_only=True):
    """A program can act for a person or for a service account, within scopes and until a time."""

    topic: ClassVar[str] = "auth.api-token-created.v1"

    token_id: UUID
    user_id: UUID | None
    service_account_id: UUID | None
    created_by: UUID
    scopes: list[str]
    expires_at: datetime


class ApiTokenRevoked(Event, frozen=True, kw_only=True):
    """Nothing can be done with a token any more."""

    topic: ClassVar[str] = "auth.api-token-revoked.v1"

    token_id: UUID
    revoked_by: UUID


class ServiceAccountCreated(Event, frozen=True, kw_only=True):
    """A program has an account of its own."""

    topic: ClassVar[str] = "auth.service-account-created.v1"

    service_account_id: UUID
    name: str
    role: str
    created_by: UUID


class ServiceAccountDisabled(Event, frozen=True, kw_only=True):
    """A program may do nothing any more."""

    topic: ClassVar[str] = "auth.service-account-disabled.v1"

    service_account_id: UUID
    disabled_by: UUID


class PasskeyAdded(Event, frozen=True, kw_only=True):
    """A person can prove with a passkey who they are."""

    topic: ClassVar[str] = "auth.passkey-added.v1"

    user_id: UUID
    passkey_id: UUID


class PasskeyRemoved(Event, frozen=True, kw_only=True):
    """A passkey is accepted no more, as its owner wants it."""

    topic: ClassVar[str] = "auth.passkey-removed.v1"

    user_id: UUID
    passkey_id: UUID


class PasskeySuspected(Event, frozen=True, kw_only=True):
    """A passkey is accepted no more, as there may be a copy of it: its owner should know."""

    topic: ClassVar[str] = "auth.passkey-suspected.v1"

    user_id: UUID
    passkey_id: UUID


class SessionEnded(Event, frozen=True, kw_only=True):
    """A person has signed out: what their token of that session may do ends everywhere, at once.

    The same is told of an API token that is revoked, whose id stands where a session's would. Routers read it
    (`studium.ended_sessions`), for as long as such a token would be valid.
    """

    topic: ClassVar[str] = "auth.session-ended.v1"

    user_id: UUID
    session_id: UUID


class PasswordChanged(Event, frozen=True, kw_only=True):
    """A person has another password."""

    topic: ClassVar[str] = "auth.password-changed.v1"

    user_id: UUID


class LinkRequested(Event, frozen=True, kw_only=True):
    """Somebody has asked for a link by mail, to an address that may be nobody's; its handler makes the code."""

    topic: ClassVar[str] = "auth.link-requested.v1"

    link_id: UUID


class EmailChangeRequested(Event, frozen=True, kw_only=True):
    """A person wants another address; its handler mails the code that confirms it."""

    topic: ClassVar[str] = "auth.email-change-requested.v1"

    change_id: UUID


class AddressChosen(Event, frozen=True, kw_only=True):
    """A person has shown that an address is theirs and is to be the one they have, if nobody else has it."""

    topic: ClassVar[str] = "auth.address-chosen.v1"

    user_id: UUID
    email: str


class EmailChanged(Event, frozen=True, kw_only=True):
    """A person signs in by another address, as they wanted; the one before is told."""

    topic: ClassVar[str] = "auth.email-changed.v1"

    change_id: UUID


class MfaChanged(Event, frozen=True, kw_only=True):
    """A person has another second factor, or one less."""

    topic: ClassVar[str] = "auth.mfa-changed.v1"

    user_id: UUID
    factor_id: UUID
    added: bool


class IdentityProviderChanged(Event, frozen=True, kw_only=True):
    """The tenant trusts a provider, trusts it otherwise than before, or trusts it no more."""

    topic: ClassVar[str] = "auth.identity-provider-changed.v1"

    provider_id: UUID
    alias: str
    removed: bool


class IdentityUnlinked(Event, frozen=True, kw_only=True):
    """What a provider called somebody is forgotten."""

    topic: ClassVar[str] = "auth.identity-unlinked.v1"

    provider_id: UUID
    user_id: UUID


class PersonArrived(Event, frozen=True, kw_only=True):
    """A provider that the tenant trusts says who somebody is whom nobody here knows yet."""

    topic: ClassVar[str] = "auth.person-arrived.v1"

    provider_id: UUID
    subject: str
    email: str
    display_name: str
    role: str = Role.LEARNER
    """Of somebody whom nobody has invited."""
    issuer: str | None = None
    """Who the provider was then."""


class TenantSettled(Event, frozen=True, kw_only=True):
    """A tenant's people have changed something of the tenant itself; the record says what it is now."""

    topic: ClassVar[str] = "auth.tenant-settled.v1"

    settings: tuple[str, ...]
    """What is different: ``name``, ``branding``, ``domains``, ``quotas``, ``flags``."""


class RoleChanged(Event, frozen=True, kw_only=True):
    """A role of the tenant's own is new, or has changed: all that it gives and takes away. Later versions win."""

    topic: ClassVar[str] = "auth.role-changed.v1"

    role_id: UUID
    version: int
    permissions: list[str]
    forbids: list[str]


class RoleAssignmentChanged(Event, frozen=True, kw_only=True):
    """Somebody has a role at a place, has it until another time, or has it no more. Later versions win."""

    topic: ClassVar[str] = "auth.role-assignment-changed.v1"

    assignment_id: UUID
    version: int
    user_id: UUID
    role_id: UUID
    place_kind: str
    place_id: UUID
    valid_to: datetime | None
    revoked: bool


class OAuthAppChanged(Event, frozen=True, kw_only=True):
    """An app of others is registered, has another secret, or is removed."""

    topic: ClassVar[str] = "auth.oauth-app-changed.v1"

    app_id: UUID
    changed_by: UUID
    what: str
    """``registered``, ``changed``, ``secret-rotated`` or ``removed``."""


class OAuthAppAuthorized(Event, frozen=True, kw_only=True):
    """A person lets an app act for them."""

    topic: ClassVar[str] = "auth.oauth-app-authorized.v1"

    user_id: UUID
    app_id: UUID
    scopes: list[str]


class AccessRefused(Event, frozen=True, kw_only=True):
    """Somebody has tried to get in, or to prove who they are, and it was wrong."""

    topic: ClassVar[str] = "auth.access-refused.v1"

    user_id: UUID | None
    """Whose account it was; None if nobody has one of that address."""
    operation: str
    failures: int
    """In a row, as far as they are counted together."""
    slowed: bool
    """Whether the next ones have to wait."""


class ImpersonationStarted(Event, frozen=True, kw_only=True):
    """Somebody acts in a person's name, who should know."""

    topic: ClassVar[str] = "auth.impersonation-started.v1"

    impersonation_id: UUID
    user_id: UUID
    impersonator_id: UUID
    reason: str
    expires_at: datetime


class PersonalDataExported(personal_data.PersonalDataExported, frozen=True, kw_only=True):
    topic: ClassVar[str] = "auth.personal-data-exported.v1"


class PersonalDataErased(personal_data.PersonalDataErased, frozen=True, kw_only=True):
    topic: ClassVar[str] = "auth.personal-data-erased.v1"
