"""Signing in with a passkey alone: what the person has, unlocked by what they are or know."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from shared.authentication import HARDWARE_KEY, SEVERAL_FACTORS, USER_PRESENT, Authentication
from shared.database import unit_of_work
from shared.idempotency import Attempt
from shared.tenancy.policies import WayIn
from subgraphs.auth.errors import PasskeyInvalid
from subgraphs.auth.service import webauthn_challenges as challenges
from subgraphs.auth.service.accounts import SignedIn
from subgraphs.auth.service.mfa import Entry, MfaRequired, admit
from subgraphs.auth.service.sessions import DeviceHint, known_device, open_tenant
from subgraphs.auth.service.webauthn import answered, used
from subgraphs.auth.service.webauthn_challenges import Ceremony, PasskeyDesk
from subgraphs.auth.service.webauthn_responses import Credential
from subgraphs.auth.store.webauthn import PasskeyStore

_METHODS: Final = (HARDWARE_KEY, USER_PRESENT, SEVERAL_FACTORS)


async def start_sign_in(passkeys: PasskeyDesk, slug: str) -> Ceremony:
    """Something to sign for whoever wants to come in; it says nothing of who has an account.

    It is not done once: a challenge is worth nothing by itself, and a repetition gets another.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
    """
    _, caller = await open_tenant(passkeys.desk, slug)
    async with unit_of_work(passkeys.desk.sessions, caller) as session:
        made = await challenges.begin(session, challenges.SIGN_IN, passkeys.clock(), user_id=None, session_id=None)
    return challenges.assertion(passkeys.party, made)


async def finish_sign_in(
    passkeys: PasskeyDesk, slug: str, challenge_id: UUID, credential: Credential, hint: DeviceHint, attempt: Attempt
) -> SignedIn | MfaRequired:
    """Open a session for whoever has unlocked a passkey of the tenant's.

    A repetition is refused, as a challenge is answered once: its client begins anew.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        WayInClosed: the tenant lets nobody in by a passkey alone.
        PasskeyInvalid: the answer is not right, or nobody had to unlock the passkey; its challenge is over.
    """
    tenant, caller = await open_tenant(passkeys.desk, slug)
    answering = answered(passkeys, caller, challenge_id, None)
    async with answering, unit_of_work(passkeys.desk.sessions, caller) as session:
        now = passkeys.clock()
        challenge = await challenges.take(session, challenge_id, challenges.SIGN_IN, now, user_id=None, session_id=None)
        passkey, asserted = await used(passkeys, session, credential, challenge)
        account = await PasskeyStore(session).owner(passkey.user_id)
        if account is None or not asserted.user_verified or asserted.user_handle is None:
            raise PasskeyInvalid
        device_id = await known_device(passkeys.desk, session, account, hint)
        entry = Entry(account, WayIn.PASSKEY, Authentication.of(now, _METHODS), device_id, hint.name)
        return await admit(passkeys.desk, tenant, session, entry, replace(attempt, key=None))
