"""People's own passwords, changed by themselves; second factors that are lost, taken away by who looks after people."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.errors import Forbidden, NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.permissions.places import Resource
from subgraphs.auth.errors import NothingToReset
from subgraphs.auth.events import MfaChanged, PasskeyRemoved, PasswordChanged
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import Change, Subject, describe
from subgraphs.auth.service.impersonation import compared
from subgraphs.auth.service.mfa import own_tenant
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.passwords import keep_password
from subgraphs.auth.service.permissions import own_rights
from subgraphs.auth.service.sessions import end_sessions, own_session
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.magic_links import MailedLinkStore
from subgraphs.auth.store.mfa import RecoveryCodeStore, TotpFactorStore
from subgraphs.auth.store.sessions import DeviceStore
from subgraphs.auth.store.webauthn import PasskeyStore

MANAGE_PEOPLE = "users:manage"
_EVER: Final = datetime.min.replace(tzinfo=UTC)


async def change_password(desk: SignInDesk, caller: Caller, password: str, attempt: Attempt) -> UUID:
    """Give the caller another password; their other sessions end, and links that were mailed are good no more.

    Returns:
        The session that goes on.

    Raises:
        Unauthenticated, Forbidden: it is not a person in a session of their own.
        WeakPassword, BreachedPassword, BadUserInput: the password should not be chosen.
    """
    user_id, session_id = own_session(caller)
    async with desk.sessions.read(caller) as session:
        account = await AccountStore(session).by_id(user_id)
    (await own_tenant(desk, caller)).policies.sign_in.check_password_length(password, field="newPassword")
    about = () if account is None else (account.email,)
    await desk.passwords.check(password, about=about, field="newPassword")
    hashed, now = await desk.passwords.hash(password), desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:
        await require_own_session(session)

        async def change() -> UUID:
            await keep_password(desk, session, user_id, hashed)
            await MailedLinkStore(session).close(user_id, now)
            await DeviceStore(session).forget_all(user_id)
            await end_sessions(session, user_id, now, but=session_id)
            describe(session, Subject("User", user_id))
            record(session, PasswordChanged(tenant_id=caller.tenant_id, user_id=user_id))
            return session_id

        return await once(session, attempt, change)


async def reset_second_factors(desk: SignInDesk, caller: Caller, user_id: UUID, reason: str, attempt: Attempt) -> UUID:
    """Take away the authenticator apps, passkeys and recovery codes of somebody who has lost them.

    All of their sessions end.

    Raises:
        Forbidden: the caller may not manage people, it is not they themselves who ask, or they ask for themselves.
        NotFound: there is no such person.
        PermissionNotHeld: the person may do what the caller may not.
        NothingToReset: they have no second factor.
    """
    async with unit_of_work(desk.sessions, caller) as session:
        await require_own_session(session)
        rights, now = await own_rights(session), desk.clock()
        rights.require(MANAGE_PEOPLE, Resource.tenant(caller.tenant_id))

        async def reset() -> UUID:
            account = await AccountStore(session).by_id(user_id)
            if account is None:
                raise NotFound("There is no such person")
            if user_id == caller.user_id:
                raise Forbidden("Take your own away by `removeMfa`: that needs the factor itself")
            await compared(session, rights, account, now)
            lost = await take_away_apps(session, user_id) + await take_away_passkeys(session, user_id)
            if not lost:
                raise NothingToReset
            await RecoveryCodeStore(session).drop(user_id)
            await end_sessions(session, user_id, now)
            changes = [Change("secondFactors", str(lost), "0"), Change("reason", None, reason)]
            describe(session, Subject("User", user_id), changes=changes)
            return user_id

        return await once(session, attempt, reset)


async def take_away_apps(session: TenantSession, user_id: UUID, *, since: datetime = _EVER) -> int:
    """Take away the authenticator apps that a person has added since then; returns how many."""
    factors, tenant_id = TotpFactorStore(session), session.caller.tenant_id
    lost = [factor.id for factor in await factors.of(user_id) if (factor.confirmed_at or factor.created_at) >= since]
    for factor_id in lost:
        await factors.remove(factor_id, user_id)
        record(session, MfaChanged(tenant_id=tenant_id, user_id=user_id, factor_id=factor_id, added=False))
    return len(lost)


async def take_away_passkeys(session: TenantSession, user_id: UUID, *, since: datetime = _EVER) -> int:
    """Take away the passkeys that a person has added since then; returns how many."""
    passkeys, tenant_id = PasskeyStore(session), session.caller.tenant_id
    lost = [passkey.id for passkey in await passkeys.of(user_id) if passkey.created_at >= since]
    for passkey_id in lost:
        await passkeys.remove(passkey_id, user_id)
        record(session, PasskeyRemoved(tenant_id=tenant_id, user_id=user_id, passkey_id=passkey_id))
    return len(lost)
