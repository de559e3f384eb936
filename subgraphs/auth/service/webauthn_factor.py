"""Passkeys as second factors: after a password, and to prove again who one is.

The passkey stands beside what its owner knows, so they need not unlock it: a key without a PIN does as well. Which of
theirs may sign is told, since whoever asks has shown the first factor. Source: NIST SP 800-63B, section 5.1.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from shared.authentication import HARDWARE_KEY
from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.errors import NotFound
from shared.idempotency import Attempt
from subgraphs.auth.errors import ChallengeInvalid, PasskeyInvalid
from subgraphs.auth.models import Passkey
from subgraphs.auth.service import mfa
from subgraphs.auth.service import webauthn_challenges as challenges
from subgraphs.auth.service.accounts import SignedIn
from subgraphs.auth.service.mfa import Prove
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.sessions import open_tenant
from subgraphs.auth.service.webauthn import answered, used
from subgraphs.auth.service.webauthn_challenges import Ceremony, PasskeyDesk
from subgraphs.auth.service.webauthn_responses import Credential
from subgraphs.auth.store.mfa import MfaChallengeStore
from subgraphs.auth.store.webauthn import PasskeyStore

_SECOND_FACTOR: Final = "second-factor"
_STEP_UP: Final = "step-up"


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What a passkey has answered to a challenge."""

    challenge_id: UUID
    credential: Credential = field(repr=False)


async def start_second_factor(passkeys: PasskeyDesk, slug: str, challenge: str) -> Ceremony:
    """Something to sign for the person whose sign-in waits for a second factor; each call makes another.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        ChallengeInvalid: no sign-in waits for the challenge's code.
        NotFound: the person has no passkey that is accepted.
    """
    _, caller = await open_tenant(passkeys.desk, slug)
    waiting_id, now = passkeys.desk.codes.challenges.read(challenge), passkeys.desk.clock()
    async with unit_of_work(passkeys.desk.sessions, caller) as session:
        waiting = await MfaChallengeStore(session).waiting(waiting_id, now) if waiting_id else None
        if waiting is None:
            raise ChallengeInvalid
        return await _begun(passkeys, session, _SECOND_FACTOR, waiting.user_id, waiting.id)


async def complete(
    passkeys: PasskeyDesk,
    slug: str,
    challenge: str,
    answer: PasskeyAnswer,
    attempt: Attempt,
    *,
    device_name: str | None = None,
) -> SignedIn:
    """Let in whoever shows a passkey beside their first factor; see `mfa.complete`.

    Raises:
        TenantNotFound, ChallengeInvalid, TooManyAttempts: as there.
        PasskeyInvalid: the answer is not right, or not theirs; its challenge is over.
    """
    _, caller = await open_tenant(passkeys.desk, slug)
    waiting_id = passkeys.desk.codes.challenges.read(challenge)
    prove = _by_passkey(passkeys, answer, _SECOND_FACTOR, waiting_id)
    async with answered(passkeys, caller, answer.challenge_id, waiting_id):
        return await mfa.complete(passkeys.desk, slug, challenge, prove, attempt, device_name=device_name)


async def start_step_up(passkeys: PasskeyDesk, caller: Caller) -> Ceremony:
    """Something to sign for the caller, in the session whose tokens are to say so; each call makes another.

    Raises:
        Forbidden: it is not a person in a session of their own.
        NotFound: they have no passkey that is accepted.
    """
    async with unit_of_work(passkeys.desk.sessions, caller) as session:
        user_id = await require_own_session(session)
        return await _begun(passkeys, session, _STEP_UP, user_id, caller.session_id)


async def step_up(passkeys: PasskeyDesk, caller: Caller, answer: PasskeyAnswer, attempt: Attempt) -> SignedIn:
    """Note that the caller has proved again who they are; see `mfa.step_up`.

    Raises:
        Unauthenticated, TooManyAttempts: as there.
        PasskeyInvalid: the answer is not right, or not theirs; its challenge is over.
    """
    prove = _by_passkey(passkeys, answer, _STEP_UP, caller.session_id)
    async with answered(passkeys, caller, answer.challenge_id, caller.session_id):
        return await mfa.step_up(passkeys.desk, caller, prove, attempt)


async def _begun(
    passkeys: PasskeyDesk, session: TenantSession, purpose: str, user_id: UUID, bound_to: UUID | None
) -> Ceremony:
    held = _accepted(await PasskeyStore(session).of(user_id))
    if not held:
        raise NotFound("There is no passkey to do this with")
    made = await challenges.begin(session, purpose, passkeys.clock(), user_id=user_id, session_id=bound_to)
    return challenges.second_assertion(passkeys.party, made, held)


def _accepted(held: Sequence[Passkey]) -> list[Passkey]:
    return [each for each in held if each.suspected_at is None]


def _by_passkey(passkeys: PasskeyDesk, answer: PasskeyAnswer, purpose: str, bound_to: UUID | None) -> Prove:
    """Check the answer to a challenge that was made for this very sign-in or session, and for its person."""

    async def prove(session: TenantSession, user_id: UUID) -> str:
        now = passkeys.clock()
        challenge = await challenges.take(
            session, answer.challenge_id, purpose, now, user_id=user_id, session_id=bound_to
        )
        passkey, _ = await used(passkeys, session, answer.credential, challenge)
        if passkey.user_id != user_id:
            raise PasskeyInvalid
        return HARDWARE_KEY

    return prove
