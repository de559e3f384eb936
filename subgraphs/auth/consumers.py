"""What the auth subgraph does when others have told something: some of it, and an entry in the audit for most."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from shared.database import TenantSession
from shared.events import Handler, Handlers
from shared.roles import Role
from subgraphs.auth.service import accounts as service
from subgraphs.auth.service import (
    audited_events,
    deactivation,
    email_change,
    federated_people,
    leavers,
    provisioned,
    refusals,
)
from subgraphs.auth.service.email_change_mail import send_confirmation, send_way_back
from subgraphs.auth.service.mailing import LinkPost, send_link, send_notice, send_warning
from subgraphs.auth.service.oauth_backchannel import LogoutPost

_Payload: TypeAlias = dict[str, Any]


class UserSignedUp(msgspec.Struct, frozen=True):
    user_id: UUID
    email: str
    role: Role
    sealed_password_hash: str


class PersonAdmitted(msgspec.Struct, frozen=True):
    user_id: UUID
    email: str
    role: Role
    provider_id: UUID
    subject: str
    issuer: str | None = None


class PersonRefused(msgspec.Struct, frozen=True):
    provider_id: UUID
    subject: str
    code: str


async def _open_account(session: TenantSession, event: UserSignedUp) -> None:
    await service.open_account(
        session,
        user_id=event.user_id,
        email=event.email,
        sealed_password_hash=event.sealed_password_hash,
        role=event.role,
    )


async def _open_federated(session: TenantSession, event: PersonAdmitted) -> None:
    """An account without a password, for whom the provider means."""
    opened = await service.open_account(
        session, user_id=event.user_id, email=event.email, sealed_password_hash=None, role=event.role
    )
    if opened:
        await federated_people.link(session, event.provider_id, event.subject, event.user_id, event.issuer)


async def _refuse_federated(session: TenantSession, event: PersonRefused) -> None:
    await federated_people.refuse(session, event.provider_id, event.subject, event.code)


class UserProvisioned(msgspec.Struct, frozen=True):
    user_id: UUID
    email: str
    role: Role


class UserEmailChanged(msgspec.Struct, frozen=True):
    user_id: UUID
    email: str


class UserDeactivated(msgspec.Struct, frozen=True):
    user_id: UUID


class UserReactivated(msgspec.Struct, frozen=True):
    user_id: UUID


async def _open_provisioned(session: TenantSession, event: UserProvisioned) -> None:
    """An account without a password: its person comes by an identity provider, or by a link to their address."""
    await service.open_account(
        session, user_id=event.user_id, email=event.email, sealed_password_hash=None, role=event.role
    )


async def _change_email(session: TenantSession, event: UserEmailChanged) -> None:
    now = datetime.now(UTC)
    await provisioned.change_email(session, event.user_id, event.email, now)
    await email_change.note_made(session, event.user_id, event.email, now)


async def _close_account(session: TenantSession, event: UserDeactivated) -> None:
    await deactivation.close_account(session, event.user_id, datetime.now(UTC))


async def _open_again(session: TenantSession, event: UserReactivated) -> None:
    await deactivation.open_again(session, event.user_id)


_HANDLED: Final[Mapping[str, Handler[Any]]] = {
    "users.user-signed-up.v1": Handler(UserSignedUp, _open_account),
    "users.person-admitted.v1": Handler(PersonAdmitted, _open_federated),
    "users.person-refused.v1": Handler(PersonRefused, _refuse_federated),
    "users.user-provisioned.v1": Handler(UserProvisioned, _open_provisioned),
    "users.user-email-changed.v1": Handler(UserEmailChanged, _change_email),
    "users.user-deactivated.v1": Handler(UserDeactivated, _close_account),
    "users.user-reactivated.v1": Handler(UserReactivated, _open_again),
    **leavers.ANSWERS,
}


class AccessRefused(msgspec.Struct, frozen=True):
    user_id: UUID | None
    operation: str
    failures: int
    slowed: bool
    occurred_at: datetime


async def _keep_refused(session: TenantSession, event: AccessRefused) -> None:
    await refusals.keep_refused(
        session,
        event.operation,
        event.user_id,
        failures=event.failures,
        slowed=event.slowed,
        at=event.occurred_at,
    )


class PasswordChanged(msgspec.Struct, frozen=True):
    user_id: UUID


class MfaChanged(msgspec.Struct, frozen=True):
    user_id: UUID
    added: bool


class PasskeyChanged(msgspec.Struct, frozen=True):
    user_id: UUID


class ImpersonationStarted(msgspec.Struct, frozen=True):
    impersonation_id: UUID


class SessionEnded(msgspec.Struct, frozen=True):
    session_id: UUID


def telling(post: LogoutPost) -> Handlers:
    """Have apps told when sessions have ended: what they are owed is kept already, so that nobody waits for them."""

    async def wake(session: TenantSession, _: SessionEnded) -> None:
        post.wake(session.caller.tenant_id)

    return {"auth.session-ended.v1": Handler(SessionEnded, wake)}


class EmailChanging(msgspec.Struct, frozen=True):
    change_id: UUID


class LinkRequested(msgspec.Struct, frozen=True):
    link_id: UUID


def mailing(post: LinkPost) -> Handlers:
    """Handle what the subgraph tells itself, so that it outlasts its process: mail links and notices, keep refusals."""

    async def send(session: TenantSession, event: LinkRequested) -> None:
        await send_link(session, post, event.link_id)

    async def notify(session: TenantSession, event: ImpersonationStarted) -> None:
        await send_notice(session, post, event.impersonation_id)

    async def warn_of_password(session: TenantSession, event: PasswordChanged) -> None:
        await send_warning(session, post, event.user_id, "Your password has changed")

    async def warn_of_factor(session: TenantSession, event: MfaChanged) -> None:
        what = "An authenticator app was added" if event.added else "An authenticator app was taken away"
        await send_warning(session, post, event.user_id, what)

    def warn_of_passkey(what: str) -> Handler[PasskeyChanged]:
        async def warn(session: TenantSession, event: PasskeyChanged) -> None:
            await send_warning(session, post, event.user_id, what)

        return Handler(PasskeyChanged, warn)

    async def confirm_address(session: TenantSession, event: EmailChanging) -> None:
        await send_confirmation(session, post, event.change_id)

    async def warn_of_address(session: TenantSession, event: EmailChanging) -> None:
        await send_way_back(session, post, event.change_id)

    return {
        "auth.email-change-requested.v1": Handler(EmailChanging, confirm_address),
        "auth.email-changed.v1": Handler(EmailChanging, warn_of_address),
        "auth.passkey-added.v1": warn_of_passkey("A passkey was added"),
        "auth.passkey-removed.v1": warn_of_passkey("A passkey was taken away"),
        "auth.passkey-suspected.v1": warn_of_passkey("There may be a copy of a passkey, which is accepted no more"),
        "auth.mfa-changed.v1": Handler(MfaChanged, warn_of_factor),
        "auth.password-changed.v1": Handler(PasswordChanged, warn_of_password),
        "auth.access-refused.v1": Handler(AccessRefused, _keep_refused),
        "auth.link-requested.v1": Handler(LinkRequested, send),
        "auth.impersonation-started.v1": Handler(ImpersonationStarted, notify),
    }


def _audited(topic: str) -> Handler[_Payload]:
    """Do what is done with an event anyway, and keep it in the audit, in one transaction."""
    own = _HANDLED.get(topic)

    async def handle(session: TenantSession, payload: _Payload) -> None:
        if own is not None:
            await own.handle(session, msgspec.convert(payload, own.payload))
        audited_events.keep(session, topic, payload)

    return Handler(_Payload, handle)


HANDLERS: Final[Handlers] = {**_HANDLED, **{topic: _audited(topic) for topic in audited_events.AUDITED}}
