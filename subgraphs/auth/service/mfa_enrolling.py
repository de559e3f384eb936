"""Adding a second factor on the way in, where the tenant asks for one that the person does not have yet.

Whoever has shown their first factor holds a challenge. It is no session and there is no token: all that can be done
with it is adding an authenticator app, and that opens the session. It is good for nothing as soon as the person has any
second factor: who knows a password alone adds none beside another's.
"""

from datetime import datetime
from uuid import UUID

from shared.database import TenantSession, unit_of_work
from shared.idempotency import Attempt, once
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.errors import ChallengeInvalid
from subgraphs.auth.models import Account, MfaChallenge
from subgraphs.auth.service import mfa_factors
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.mfa import admitted, open_proved
from subgraphs.auth.service.mfa_factors import ONE_TIME_CODE, Enrolment
from subgraphs.auth.service.sessions import end_sessions, open_tenant
from subgraphs.auth.service.throttles import attempting
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.mfa import MfaChallengeStore
from subgraphs.auth.store.throttles import ThrottleStore


async def enroll(
    desk: SignInDesk, slug: str, challenge: str, name: str | None, attempt: Attempt
) -> tuple[Enrolment, TenantRecord, Account]:
    """Begin to add an authenticator app; one that was begun before and not confirmed is forgotten.

    Returns:
        What the app has to be told, and for whom it is.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        ChallengeInvalid: no sign-in waits for it, or its person has a second factor.
        NotFound: this is a repetition, and the app was confirmed, or another one begun.
    """
    tenant, caller = await open_tenant(desk, slug)
    async with unit_of_work(desk.sessions, caller) as session:
        _, account = await _waiting(desk, session, challenge, desk.clock())

        async def begin() -> UUID:
            return await mfa_factors.enroll(session, desk.keys, account.user_id, name)

        factor_id = await once(session, attempt, begin)
        return await mfa_factors.enrolment(session, desk.keys, account.user_id, factor_id), tenant, account


async def confirm(
    desk: SignInDesk,
    slug: str,
    challenge: str,
    factor_id: UUID,
    code: str,
    attempt: Attempt,
    *,
    device_name: str | None = None,
) -> tuple[SignedIn, list[str]]:
    """Let in whoever shows that the app works; the person's other sessions end, as they were opened without.

    Returns:
        Their session, and recovery codes.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        ChallengeInvalid: no sign-in waits for it, or its person has a second factor.
        NotFound: they are adding no such app.
        CodeInvalid: the code is wrong.
        TooManyAttempts: too many have failed just before.
    """
    tenant, caller = await open_tenant(desk, slug)
    now, key = desk.clock(), desk.codes.digest("confirm-factor", str(factor_id))
    async with unit_of_work(desk.sessions, caller) as session:
        await attempting(session, key, now)
    async with unit_of_work(desk.sessions, caller) as session:

        async def enter() -> UUID:
            waiting, account = await _waiting(desk, session, challenge, now)
            await mfa_factors.confirm(session, desk, account.user_id, factor_id, code, now)
            await end_sessions(session, account.user_id, now)
            return await open_proved(session, tenant.policies.sign_in, waiting, ONE_TIME_CODE, now, device_name)

        session_id = await once(session, attempt, enter)
        await ThrottleStore(session).clear(key)
        entered = await admitted(desk, tenant, session, session_id)
        given = await mfa_factors.has_recovery_codes(session, desk.codes, entered.user_id, factor_id)
    return entered, mfa_factors.recovery_codes(desk.codes, entered.user_id, factor_id) if given else []


async def _waiting(
    desk: SignInDesk, session: TenantSession, challenge: str, now: datetime
) -> tuple[MfaChallenge, Account]:
    """The sign-in that waits, and whose it is; no other adds a factor for them before the transaction ends."""
    challenge_id, store = desk.codes.challenges.read(challenge), MfaChallengeStore(session)
    known = await store.get(challenge_id) if challenge_id else None
    account = None if known is None else await AccountStore(session).locked(known.user_id)
    waiting = None if known is None else await store.waiting(known.id, now)
    if waiting is None or account is None or await mfa_factors.methods_of(session, account.user_id):
        raise ChallengeInvalid
    return waiting, account
