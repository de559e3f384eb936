"""What the users subgraph tells the others."""

from typing import ClassVar
from uuid import UUID

from shared.events import Event


class UserSignedUp(Event, frozen=True, kw_only=True):
    """Somebody chose a password: the auth subgraph opens an account."""

    topic: ClassVar[str] = "users.user-signed-up.v1"

    user_id: UUID
    email: str
    display_name: str
    role: str
    sealed_password_hash: str
    """Opens only with the platform's key, for this user id."""


class UserInvited(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "users.user-invited.v1"

    user_id: UUID
    email: str
    role: str


class InvitationSent(Event, frozen=True, kw_only=True):
    """An invitation is to be mailed. The link in it is made by whoever mails it: no event has its code."""

    topic: ClassVar[str] = "users.invitation-sent.v1"

    invitation_id: UUID
    user_id: UUID
    actor_id: UUID | None


class RosterSubmitted(Event, frozen=True, kw_only=True):
    """A roster is to be imported from the row on that it names; the subgraph tells itself, some rows at a time."""

    topic: ClassVar[str] = "users.roster-submitted.v1"

    job_id: UUID
    row: int
    actor_id: UUID | None


class RosterImported(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "users.roster-imported.v1"

    job_id: UUID
    dry_run: bool
    created: int
    updated: int
    failed: int
    actor_id: UUID


class RosterCancelled(Event, frozen=True, kw_only=True):
    """A roster is imported no further; the rows that were behind it stay as they were imported."""

    topic: ClassVar[str] = "users.roster-cancelled.v1"

    job_id: UUID
    dry_run: bool
    done: int
    total: int
    actor_id: UUID | None


class UserUpdated(Event, frozen=True, kw_only=True):
    """A profile has changed; whoever shows it reads it again."""

    topic: ClassVar[str] = "users.user-updated.v1"

    user_id: UUID
    version: int


class GroupMembersChanged(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "users.group-members-changed.v1"

    group_id: UUID
    added: list[UUID]
    removed: list[UUID]


class OrgUnitPlaced(Event, frozen=True, kw_only=True):
    """An org unit is new or was moved; what is below it has moved with it."""

    topic: ClassVar[str] = "users.org-unit-placed.v1"

    org_unit_id: UUID
    parent_id: UUID | None
    ancestor_ids: list[UUID]
    """From the root down to the parent."""


class OrgUnitDeleted(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "users.org-unit-deleted.v1"

    org_unit_id: UUID


class OrgUnitMembersChanged(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "users.org-unit-members-changed.v1"

    org_unit_id: UUID
    added: list[UUID]
    removed: list[UUID]


class RelationshipChanged(Event, frozen=True, kw_only=True):
    """`user_id` is the guardian, manager or mentor of `of_user_id`, or is it no more."""

    topic: ClassVar[str] = "users.relationship-changed.v1"

    kind: str
    user_id: UUID
    of_user_id: UUID
    linked: bool


class PersonAdmitted(Event, frozen=True, kw_only=True):
    """Somebody whom an identity provider brought is one of the tenant's people: the auth subgraph opens an account."""

    topic: ClassVar[str] = "users.person-admitted.v1"

    user_id: UUID
    email: str
    role: str
    provider_id: UUID
    subject: str
    issuer: str | None = None
    """Who the provider was when it brought them."""


class PersonRefused(Event, frozen=True, kw_only=True):
    """Somebody whom an identity provider brought is none of the tenant's people: no account is opened."""

    topic: ClassVar[str] = "users.person-refused.v1"

    provider_id: UUID
    subject: str
    code: str
    """Why, as clients are told."""


class DataExportRequested(Event, frozen=True, kw_only=True):
    """Every subgraph answers with what it holds of the person (`shared.personal_data`)."""

    topic: ClassVar[str] = "users.data-export-requested.v1"

    request_id: UUID
    user_id: UUID
    public_key: str
    """That the answers are sealed for."""
    actor_id: UUID | None


class UserErased(Event, frozen=True, kw_only=True):
    """A person is gone: every subgraph erases what it holds of them and acknowledges it (`shared.personal_data`)."""

    topic: ClassVar[str] = "users.user-erased.v1"

    request_id: UUID
    user_id: UUID
    actor_id: UUID | None


class UsersMerged(Event, frozen=True, kw_only=True):
    """`user_id` goes on as `into_id`: every subgraph gives what it holds, and acknowledges (`shared.personal_data`)."""

    topic: ClassVar[str] = "users.users-merged.v1"

    request_id: UUID
    user_id: UUID
    into_id: UUID
    actor_id: UUID | None


class ConsentDocumentPublished(Event, frozen=True, kw_only=True):
    """A version of a document is the latest, or nobody is asked about it any more."""

    topic: ClassVar[str] = "users.consent-document-published.v1"

    document_id: UUID
    key: str
    version: int
    retired: bool
    actor_id: UUID | None


class ConsentRecorded(Event, frozen=True, kw_only=True):
    """Somebody has consented to a version of a document, or has taken that back."""

    topic: ClassVar[str] = "users.consent-recorded.v1"

    user_id: UUID
    document_id: UUID
    granted: bool
    actor_id: UUID


class DataRequestCompleted(Event, frozen=True, kw_only=True):
    """Every subgraph has answered."""

    topic: ClassVar[str] = "users.data-request-completed.v1"

    request_id: UUID
    user_id: UUID
    kind: str


class QuotaReached(Event, frozen=True, kw_only=True):
    """The tenant has as much of something as it may: whoever looks after it is to know before others are refused."""

    topic: ClassVar[str] = "users.quota-reached.v1"

    measure: str
    """A value of `shared.tenancy.profile.Measure`."""
    limit: int
    used: int
    owner_ids: tuple[UUID, ...]


class UserDeactivated(Event, frozen=True, kw_only=True):
    """Nobody gets in as this person any more: the auth subgraph ends what they have open."""

    topic: ClassVar[str] = "users.user-deactivated.v1"

    user_id: UUID
    actor_id: UUID | None


class UserReactivated(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "users.user-reactivated.v1"

    user_id: UUID
    actor_id: UUID | None


class UserProvisioned(Event, frozen=True, kw_only=True):
    """The tenant's directory has added a person: the auth subgraph opens an account, which has no password."""

    topic: ClassVar[str] = "users.user-provisioned.v1"

    user_id: UUID
    email: str
    role: str
    actor_id: UUID | None


class UserEmailChanged(Event, frozen=True, kw_only=True):
    """The tenant's directory gives a person another address: they sign in by it, once it has been verified."""

    topic: ClassVar[str] = "users.user-email-changed.v1"

    user_id: UUID
    email: str
    actor_id: UUID | None
