"""Sessions: opened, refreshed, listed and ended."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.authentication import Authentication
from shared.caller import Caller, TenantId, UserId, service_caller
from shared.database import TenantSession, unit_of_work
from shared.errors import Forbidden, NotFound, TenantNotFound, Unauthenticated
from shared.events import record
from shared.idempotency import Attempt, once
from shared.roles import Role
from shared.tenancy.policies import SignInPolicy
from shared.tenancy.registry import TenantRecord, TenantStatus
from subgraphs.auth.errors import AccountDeactivated, RefreshTokenInvalid
from subgraphs.auth.events import SessionEnded
from subgraphs.auth.models import Account, Impersonation, SignInSession
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.audit import Actor, Subject, describe, note
from subgraphs.auth.service.codes import RefreshToken
from subgraphs.auth.service.permissions import permissions_in_tenant
from subgraphs.auth.service.policies import goes_on, refuse_closed
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.impersonation import ImpersonationStore
from subgraphs.auth.store.mfa import MfaChallengeStore
from subgraphs.auth.store.oauth import OAuthStore
from subgraphs.auth.store.oauth_logouts import OAuthLogoutStore
from subgraphs.auth.store.sessions import DeviceStore, SessionStore

MANAGE: Final = "sessions:manage"
REFRESH_GRACE: Final = timedelta(seconds=10)
"""A client may refresh twice at once, or not get an answer: for so long the token before gives the same one again."""


@dataclass(frozen=True, slots=True)
class DeviceHint:
    """What a client says of itself while somebody signs in."""

    code: str | None = field(default=None, repr=False)
    """That it was given when somebody signed in with it before."""
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody who has shown all that is asked of them.

    Attributes:
        way: that they came, as `WayIn` names it; None if nobody noted it when they began.
        device_id: of the device they come from, if it is known to be theirs.
        device_name: what the client calls itself.
    """

    user_id: UUID
    way: str | None
    proof: Authentication
    device_id: UUID | None
    device_name: str | None


async def open_tenant(desk: SignInDesk, slug: str) -> tuple[TenantRecord, Caller]:
    """A tenant that people may come into, and the caller that looks after them until they have.

    Raises:
        TenantNotFound: there is none of that name, or it is not open.
    """
    tenant = await desk.tenants.by_slug(slug)
    if tenant is None or tenant.status is not TenantStatus.ACTIVE:
        raise TenantNotFound
    return tenant, service_caller(tenant.id, "sign-in")


async def known_device(
    desk: SignInDesk, session: TenantSession, account: Account | None, hint: DeviceHint
) -> UUID | None:
    """The device that the hint's code was made for, if it is one of the account's own."""
    device_id = desk.codes.devices.read(hint.code) if hint.code else None
    device = await DeviceStore(session).get(device_id) if device_id else None
    return device.id if device and account and device.user_id == account.user_id else None


async def open_session(session: TenantSession, policy: SignInPolicy, opening: Opening, now: datetime) -> UUID:
    """Open a session for somebody who has proved who they are, now or before, on a device that is known from then on.

    Raises:
        WayInClosed: the tenant lets nobody in as they came.
        AccountDeactivated: they are not let in any more.
    """
    refuse_closed(policy, opening.way)
    user_id, device_id = opening.user_id, opening.device_id
    if not await AccountStore(session).is_active(user_id):
        raise AccountDeactivated
    if device_id is None:
        device_id = (await DeviceStore(session).add(user_id, opening.device_name, now)).id
    else:
        await DeviceStore(session).use(device_id, now)
    opened = SignInSession(
        user_id=user_id,
        device_id=device_id,
        way=opening.way,
        amr=sorted(opening.proof.methods),
        authenticated_at=opening.proof.at,
        created_at=now,
        last_used_at=now,
        expires_at=now + min(policy.idle, policy.longest),
    )
    session_id = await SessionStore(session).add(opened)
    describe(session, Subject("Session", session_id), actor=Actor.person(user_id))
    return session_id


async def signed_in(
    desk: SignInDesk, tenant: TenantRecord, session: TenantSession, account: Account, opened: SignInSession
) -> SignedIn:
    """What somebody gets for a session of theirs: tokens that say what they may do in the whole tenant now."""
    role, user_id = Role(account.role), UserId(account.user_id)
    may = await permissions_in_tenant(session, user_id, role)
    token = desk.issuer.issue(
        tenant.id,
        user_id,
        opened.id,
        role=role,
        scopes=may.scopes,
        until=may.ends(opened.expires_at),
        authentication=Authentication.of(opened.authenticated_at, opened.amr),
    )
    refresh_token = desk.codes.refresh_token(RefreshToken(tenant.id, opened.id, opened.refreshes))
    device = desk.codes.devices.sign(opened.device_id) if opened.device_id else None
    return SignedIn(tenant, user_id, role, may.scopes, token, refresh_token=refresh_token, device_code=device)


async def refresh(desk: SignInDesk, token: str, attempt: Attempt) -> SignedIn:
    """A new access token and a new refresh token, in exchange for a refresh token that works once.

    A token that was exchanged before ends its session: either the client or a thief has the newer one, and nobody knows
    who. Source: RFC 9700, section 4.14.2. So ends a session as which its person would not be let in any more: what the
    tenant asks of how its people sign in counts for those who are there already.

    Raises:
        RefreshTokenInvalid: it is not valid any more.
        TenantNotFound: the tenant is not open.
    """
    said = desk.codes.read_refresh_token(token)
    if said is None:
        raise RefreshTokenInvalid
    tenant = await desk.tenants.by_id(said.tenant_id)
    if tenant is None or tenant.status is not TenantStatus.ACTIVE:
        raise TenantNotFound
    async with unit_of_work(desk.sessions, service_caller(tenant.id, "sign-in")) as session:
        refreshed = await _rotate(session, tenant.policies.sign_in, said, attempt, desk.clock())
        entered = None if refreshed is None else await signed_in(desk, tenant, session, refreshed[1], refreshed[0])
    if entered is None:
        raise RefreshTokenInvalid
    return entered


async def _rotate(
    session: TenantSession, policy: SignInPolicy, said: RefreshToken, attempt: Attempt, now: datetime
) -> tuple[SignInSession, Account] | None:
    found = await SessionStore(session).lock(said.session_id, now)
    if found is None:
        return None
    opened = found[0]
    behind = opened.refreshes - said.refreshes
    if behind == 1 and opened.refreshed_at is not None and now - opened.refreshed_at <= REFRESH_GRACE:
        return found
    if behind != 0:
        return await _end_instead(session, opened, "refreshTokenReplayed", now)
    if not await goes_on(session, policy, opened, found[1].role, now):
        return await _end_instead(session, opened, "sessionEndedByPolicy", now)

    async def rotate() -> UUID:
        opened.refreshes += 1
        opened.refreshed_at = opened.last_used_at = now
        opened.expires_at = min(now + policy.idle, opened.created_at + policy.longest)
        if opened.device_id is not None:
            await DeviceStore(session).use(opened.device_id, now)
        return opened.id

    await once(session, attempt, rotate)
    return found


async def _end_instead(session: TenantSession, opened: SignInSession, because: str, now: datetime) -> None:
    """End a session that was to be refreshed; the audit says why."""
    await end_sessions(session, opened.user_id, now, only=opened.id)
    note(session, because, Subject("Session", opened.id), actor=Actor.person(opened.user_id))


async def end_sessions(
    session: TenantSession, user_id: UUID | None, now: datetime, *, only: UUID | None = None, but: UUID | None = None
) -> list[UUID]:
    """End sessions, and tell it: routers refuse their tokens from then on, and close what runs on their behalf.

    Sign-ins that wait for a second factor end with all of a person's: their first factor may count no more.
    """
    if user_id is not None and only is None:
        await MfaChallengeStore(session).close(user_id, now)
    ended = await SessionStore(session).end(user_id, now, only=only, but=but)
    for session_id, whose in ended:
        tell_ended(session, session_id, whose)
    ids = [session_id for session_id, _ in ended]
    granted = await _end_granted(session, ids, now) if ids else []
    await _end_impersonations(session, [*ids, *granted], user_id if only is None else None, now)
    return ids


async def _end_granted(session: TenantSession, ids: list[UUID], now: datetime) -> list[UUID]:
    """End what apps may do only while their person is there, and have apps told that sessions have ended."""
    await OAuthLogoutStore(session).owe(ids, now)
    families = await OAuthStore(session).end_online(ids, now)
    for family in families:
        if family.user_id is not None:
            tell_ended(session, family.id, family.user_id)
    return [family.id for family in families]


async def _end_impersonations(session: TenantSession, ids: list[UUID], user_id: UUID | None, now: datetime) -> None:
    """End what was begun in sessions that have ended, and what is done in the name of a person whose sessions end."""
    store = ImpersonationStore(session)
    over = [*await store.end_begun_in(ids, now)] if ids else []
    over += [] if user_id is None else await store.end_of(user_id, now)
    for impersonation in over:
        await tell_over(session, impersonation)


async def end_impersonations(session: TenantSession, user_id: UUID | None, now: datetime) -> None:
    """End what is done in a person's name or by them in others', as roles have changed; None: anybody's.

    Who could do no more than another when that began may be able to by now.
    """
    for impersonation in await ImpersonationStore(session).end_around(user_id, now):
        await tell_over(session, impersonation)


async def end_impersonations_with(session: TenantSession, family_id: UUID) -> None:
    """End what stands for, or was begun in, a family of an app's tokens that has ended."""
    store, now = ImpersonationStore(session), datetime.now(UTC)
    await store.end(family_id, now)
    for impersonation in await store.end_begun_in([family_id], now):
        await tell_over(session, impersonation)


async def tell_over(session: TenantSession, impersonation: Impersonation) -> None:
    """Tell routers of an impersonation that has ended; an app's tokens for it are good for nothing any more."""
    if impersonation.app_id is not None:
        await OAuthStore(session).end(impersonation.id)
    tell_ended(session, impersonation.id, impersonation.user_id)


def tell_ended(session: TenantSession, session_id: UUID, user_id: UUID) -> None:
    """Tell routers that the tokens of a session, or of what stands in its place, are good no more."""
    event = SessionEnded(tenant_id=TenantId(session.caller.tenant_id), user_id=user_id, session_id=session_id)
    record(session, event)


async def sign_out(desk: SignInDesk, caller: Caller, attempt: Attempt) -> UUID:
    """End the session that the caller's token belongs to; returns its id. Safe to repeat.

    Raises:
        Unauthenticated: the caller is not a person with a session.
    """
    user_id, session_id = own_session(caller)
    async with unit_of_work(desk.sessions, caller) as session:

        async def end() -> UUID:
            await end_sessions(session, user_id, desk.clock(), only=session_id)
            return session_id

        return await once(session, attempt, end)


async def revoke(desk: SignInDesk, caller: Caller, session_id: UUID, attempt: Attempt) -> UUID:
    """End one of the caller's sessions, or anybody's if they may. Safe to repeat.

    Raises:
        NotFound: there is no such session that they may end.
    """
    caller.require_user()
    whose = None if caller.may(MANAGE) else _themselves(caller)
    async with unit_of_work(desk.sessions, caller) as session:

        async def end() -> UUID:
            found = await SessionStore(session).with_account(session_id)
            if found is None or (whose is not None and found[0].user_id != whose):
                raise NotFound
            await end_sessions(session, whose, desk.clock(), only=session_id)
            return session_id

        return await once(session, attempt, end)


async def revoke_others(desk: SignInDesk, caller: Caller, attempt: Attempt) -> UUID:
    """End every session of the caller's but the one they call in; whoever stole another is out."""
    user_id, session_id = own_session(caller)
    async with unit_of_work(desk.sessions, caller) as session:

        async def end() -> UUID:
            await end_sessions(session, user_id, desk.clock(), but=session_id)
            return session_id

        return await once(session, attempt, end)


def own_session(caller: Caller) -> tuple[UserId, UUID]:
    """The person who calls, and the session they opened themselves.

    Raises:
        Unauthenticated: the caller is not a person with a session.
        Forbidden: somebody calls in their name, or an app for them.
    """
    if caller.session_id is None:
        raise Unauthenticated
    return _themselves(caller), caller.session_id


def _themselves(caller: Caller) -> UserId:
    """The person who calls; whoever acts in their name has no session of theirs.

    Raises:
        Unauthenticated: it is no person.
        Forbidden: it is somebody in their name, or an app for them.
    """
    if caller.client_id is not None:
        raise Forbidden("Sign in to do this yourself: no app may do it for you")
    if caller.impersonator_id is not None:
        raise Forbidden("`stopImpersonation` ends what you do in somebody's name; their sessions are theirs")
    return caller.require_user()
