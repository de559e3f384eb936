"""Signing in with a second factor, and proving again who one is before something that matters."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from shared.authentication import PASSWORD, SEVERAL_FACTORS, Authentication
from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.errors import TenantNotFound, Unauthenticated
from shared.idempotency import Attempt, once
from shared.tenancy.policies import SignInPolicy, WayIn
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.errors import ChallengeInvalid, CodeInvalid, PasskeyInvalid
from subgraphs.auth.models import Account, MfaChallenge
from subgraphs.auth.service import mfa_factors
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.mfa_factors import MfaMethod
from subgraphs.auth.service.policies import is_enough, refuse_closed
from subgraphs.auth.service.refusals import tell_refused
from subgraphs.auth.service.sessions import Opening, end_sessions, open_session, open_tenant, own_session, signed_in
from subgraphs.auth.service.throttles import attempting
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.mfa import MfaChallengeStore
from subgraphs.auth.store.sessions import SessionStore
from subgraphs.auth.store.throttles import ThrottleStore

CHALLENGE_LIFETIME: Final = timedelta(minutes=10)

Prove: TypeAlias = Callable[[TenantSession, UUID], Awaitable[str | None]]
"""Checks a second factor of a person; returns the method as tokens name it, or None if the proof is wrong."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody whose first factor was right."""

    account: Account
    way: WayIn
    """By which they came."""
    proof: Authentication
    device_id: UUID | None = None
    """The device they come from, if it is known to be theirs."""
    device_name: str | None = None


@dataclass(frozen=True, slots=True)
class MfaRequired:
    """A sign-in that goes on with a second factor."""

    code: str = field(repr=False)
    methods: list[MfaMethod]
    """By which; empty for whoever has none and needs one: they add it first."""
    expires_at: datetime


async def admit(
    desk: SignInDesk, tenant: TenantRecord, session: TenantSession, entry: Entry, attempt: Attempt
) -> SignedIn | MfaRequired:
    """Open a session, unless the person has a second factor, or needs one, and has not used it yet.

    Raises:
        WayInClosed: the tenant lets nobody in as they came.
    """

    async def proved() -> Entry:
        return entry

    return await admit_once(desk, tenant, session, proved, attempt)


async def admit_once(
    desk: SignInDesk,
    tenant: TenantRecord,
    session: TenantSession,
    prove_first: Callable[[], Awaitable[Entry]],
    attempt: Attempt,
) -> SignedIn | MfaRequired:
    """The same where the first factor works once: it is checked only when the attempt is made first."""

    async def enter() -> UUID:
        entry, now, policy = await prove_first(), desk.clock(), tenant.policies.sign_in
        refuse_closed(policy, entry.way)
        if not await _is_enough(session, policy, entry):
            return await _wait(session, entry, now)
        user_id = entry.account.user_id
        opening = Opening(user_id, entry.way, entry.proof, entry.device_id, entry.device_name)
        return await open_session(session, policy, opening, now)

    entered = await once(session, attempt, enter)
    waiting = await MfaChallengeStore(session).get(entered)
    if waiting is None:
        return await admitted(desk, tenant, session, entered)
    methods = await mfa_factors.methods_of(session, waiting.user_id)
    return MfaRequired(desk.codes.challenges.sign(waiting.id), methods, waiting.expires_at)


async def _is_enough(session: TenantSession, policy: SignInPolicy, entry: Entry) -> bool:
    """Whether nothing is asked of them beside what they have shown: neither by themselves nor by the tenant."""
    user_id, methods = entry.account.user_id, entry.proof.methods
    if SEVERAL_FACTORS in methods:
        return True
    held = await mfa_factors.methods_of(session, user_id)
    return not held and await is_enough(session, policy, user_id, entry.account.role, methods)


async def _wait(session: TenantSession, entry: Entry, now: datetime) -> UUID:
    waiting = MfaChallenge(
        user_id=entry.account.user_id,
        device_id=entry.device_id,
        amr=sorted(entry.proof.methods),
        way=entry.way,
        expires_at=now + CHALLENGE_LIFETIME,
    )
    return await MfaChallengeStore(session).add(waiting)


async def admitted(desk: SignInDesk, tenant: TenantRecord, session: TenantSession, session_id: UUID) -> SignedIn:
    """What somebody gets whose session was opened before, by this attempt or one that it repeats.

    Raises:
        Unauthenticated: it has ended.
    """
    found = await SessionStore(session).with_account(session_id)
    if found is None or found[0].ended_at is not None:
        raise Unauthenticated
    return await signed_in(desk, tenant, session, found[1], found[0])


async def complete(
    desk: SignInDesk, slug: str, challenge: str, prove: Prove, attempt: Attempt, *, device_name: str | None = None
) -> SignedIn:
    """Let in whoever shows the second factor that their sign-in waits for.

    Args:
        desk: where they stand.
        slug: the tenant's.
        challenge: the code that the sign-in gave.
        prove: checks the factor.
        attempt: a repetition has to show the same factor.
        device_name: what the client calls itself.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        ChallengeInvalid: no sign-in waits for it: it was made up, has expired, or was passed.
        CodeInvalid: the factor is wrong.
        TooManyAttempts: too many have failed just before.
    """
    tenant, caller = await open_tenant(desk, slug)
    challenge_id, now = desk.codes.challenges.read(challenge), desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:
        waiting = await MfaChallengeStore(session).get(challenge_id) if challenge_id else None
        if waiting is None or waiting.expires_at <= now:
            raise ChallengeInvalid
        counted = f"device:{waiting.device_id}" if waiting.device_id else f"account:{waiting.user_id}"
        key = desk.codes.digest("mfa", counted)
        await attempting(session, key, now)
    challenge_id, user_id = waiting.id, waiting.user_id
    async with _telling(desk, caller, key, "completeMfa", user_id), unit_of_work(desk.sessions, caller) as session:

        async def enter() -> UUID:
            await AccountStore(session).is_active(user_id)  # first, as who ends all sign-ins of somebody does
            waiting, method = await _passed(session, challenge_id, prove, now)
            return await open_proved(session, tenant.policies.sign_in, waiting, method, now, device_name)

        session_id = await once(session, attempt, enter)
        await ThrottleStore(session).clear(key)
        return await admitted(desk, tenant, session, session_id)


async def _passed(session: TenantSession, challenge_id: UUID, prove: Prove, now: datetime) -> tuple[MfaChallenge, str]:
    waiting = await MfaChallengeStore(session).waiting(challenge_id, now)
    if waiting is None:
        raise ChallengeInvalid
    method = await prove(session, waiting.user_id)
    if method is None:
        raise CodeInvalid
    return waiting, method


async def open_proved(
    session: TenantSession,
    policy: SignInPolicy,
    waiting: MfaChallenge,
    method: str,
    now: datetime,
    device_name: str | None,
) -> UUID:
    """Open the session of whoever has shown a second factor, by `method`; nobody passes that challenge again.

    Raises:
        WayInClosed, AccountDeactivated: they are not let in any more.
    """
    waiting.passed_at = now
    proof = Authentication.of(now, [*waiting.amr, method, SEVERAL_FACTORS])
    opening = Opening(waiting.user_id, waiting.way, proof, waiting.device_id, device_name)
    return await open_session(session, policy, opening, now)


@asynccontextmanager
async def _telling(desk: SignInDesk, caller: Caller, key: bytes, operation: str, user_id: UUID) -> AsyncGenerator[None]:
    """Tell of a proof that turns out wrong."""
    try:
        yield
    except (CodeInvalid, PasskeyInvalid):
        await tell_refused(desk, caller, key, operation, user_id)
        raise


def by_code(desk: SignInDesk, code: str) -> Prove:
    """Check a code of an authenticator app, or a recovery code."""

    async def prove(session: TenantSession, user_id: UUID) -> str | None:
        return await mfa_factors.verify(session, desk.codes, desk.keys, user_id, code, desk.clock())

    return prove


async def step_up(desk: SignInDesk, caller: Caller, prove: Prove, attempt: Attempt) -> SignedIn:
    """Note that the caller has proved again who they are: their session's tokens say so from then on.

    Args:
        desk: where they stand.
        caller: in a session that they have opened themselves.
        prove: checks the second factor of those who have one, and the password of those who have none.
        attempt: a repetition has to show the same proof.

    Raises:
        Unauthenticated: the caller is not a person with a session that goes on.
        CodeInvalid: the proof is wrong.
        TooManyAttempts: too many have failed just before.
    """
    user_id, session_id = own_session(caller)
    now, key = desk.clock(), desk.codes.digest("step-up", str(session_id))
    async with unit_of_work(desk.sessions, caller) as session:
        await attempting(session, key, now)
    async with _telling(desk, caller, key, "stepUp", user_id), unit_of_work(desk.sessions, caller) as session:

        async def prove_again() -> UUID:
            method = await prove(session, user_id)
            if method is None:
                raise CodeInvalid
            await strengthen(session, session_id, user_id, method, now)
            return session_id

        await once(session, attempt, prove_again)
        await ThrottleStore(session).clear(key)
        return await admitted(desk, await own_tenant(desk, caller), session, session_id)


async def strengthen(session: TenantSession, session_id: UUID, user_id: UUID, method: str, now: datetime) -> None:
    """Add a proof to a session of a person.

    Raises:
        Unauthenticated: the session does not go on.
    """
    found = await SessionStore(session).lock(session_id, now)
    if found is None or found[0].user_id != user_id:
        raise Unauthenticated
    factors = {method} if method == PASSWORD else {method, SEVERAL_FACTORS}
    found[0].amr = sorted({*found[0].amr, *factors})
    found[0].authenticated_at = now


async def own_tenant(desk: SignInDesk, caller: Caller) -> TenantRecord:
    """The caller's tenant.

    Raises:
        TenantNotFound: there is none any more.
    """
    tenant = await desk.tenants.by_id(caller.tenant_id)
    if tenant is None:
        raise TenantNotFound
    return tenant


async def confirm_factor(
    desk: SignInDesk, caller: Caller, factor_id: UUID, code: str, attempt: Attempt
) -> tuple[SignedIn, list[str]]:
    """Let an authenticator app count from now on; the caller's other sessions end, as they were opened without.

    Returns:
        The session as it is now, and the recovery codes if it is the first factor.

    Raises:
        Unauthenticated, NotFound, CodeInvalid, TooManyAttempts: as said above.
    """
    user_id, session_id = own_session(caller)
    now, key = desk.clock(), desk.codes.digest("confirm-factor", str(factor_id))
    async with unit_of_work(desk.sessions, caller) as session:
        await attempting(session, key, now)
    async with unit_of_work(desk.sessions, caller) as session:

        async def confirm() -> UUID:
            first = await mfa_factors.confirm(session, desk, user_id, factor_id, code, now)
            await strengthen(session, session_id, user_id, mfa_factors.ONE_TIME_CODE, now)
            await end_sessions(session, user_id, now, but=session_id)
            return factor_id if first else session_id

        batch_id = await once(session, attempt, confirm)
        await ThrottleStore(session).clear(key)
        entered = await admitted(desk, await own_tenant(desk, caller), session, session_id)
    if batch_id != factor_id:
        return entered, []
    return entered, mfa_factors.recovery_codes(desk.codes, user_id, batch_id)
