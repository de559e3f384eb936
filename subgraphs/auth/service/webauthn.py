"""Passkeys: added, listed, renamed, removed, and used to sign in. Source: Web Authentication, level 3, section 7."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.errors import NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from subgraphs.auth.errors import PasskeyInvalid, PasskeyKnown, TooManyPasskeys
from subgraphs.auth.events import PasskeyAdded, PasskeyRemoved, PasskeySuspected
from subgraphs.auth.models import Passkey
from subgraphs.auth.service import mfa_factors
from subgraphs.auth.service import webauthn_challenges as challenges
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.sessions import end_sessions
from subgraphs.auth.service.webauthn_challenges import Ceremony, PasskeyDesk
from subgraphs.auth.service.webauthn_responses import (
    Asserted,
    Credential,
    Registered,
    SignCountWentBack,
    read_assertion,
    read_registration,
    verify_assertion,
    verify_registration,
)
from subgraphs.auth.store.webauthn import ChallengeStore, PasskeyStore

MOST: Final = 20
"""That a person may have."""


class _Suspected(Exception):
    """There may be a copy of a passkey."""

    def __init__(self, passkey_id: UUID) -> None:
        self.passkey_id = passkey_id


def handle_of(tenant_id: UUID, user_id: UUID) -> bytes:
    """What authenticators keep beside a passkey: it says whose it is, and is no secret."""
    return tenant_id.bytes + user_id.bytes


async def start_registration(passkeys: PasskeyDesk, caller: Caller, attempt: Attempt) -> Ceremony:
    """Begin to add a passkey of the caller's.

    Raises:
        Forbidden: a program calls.
        TooManyPasskeys: the caller has as many as one may have.
        PasskeyInvalid: the attempt is repeated after its challenge was answered.
    """
    tenant = await passkeys.desk.tenants.by_id(caller.tenant_id)
    async with unit_of_work(passkeys.desk.sessions, caller) as session:
        user_id = await require_own_session(session)
        held = await PasskeyStore(session).of(user_id)
        if len(held) >= MOST:
            raise TooManyPasskeys

        async def begin() -> UUID:
            now, session_id = passkeys.clock(), caller.session_id
            made = await challenges.begin(session, challenges.REGISTER, now, user_id=user_id, session_id=session_id)
            return made.id

        made = await ChallengeStore(session).get(await once(session, attempt, begin))
        account = await PasskeyStore(session).owner(user_id)
        if made is None or account is None or tenant is None:
            raise PasskeyInvalid
        handle = handle_of(caller.tenant_id, user_id)
        return challenges.creation(
            passkeys.party, made, handle=handle, email=account.email, tenant=tenant.name, held=held
        )


async def finish_registration(
    passkeys: PasskeyDesk, caller: Caller, challenge_id: UUID, credential: Credential, name: str, attempt: Attempt
) -> tuple[Passkey, list[str]]:
    """Add a passkey whose authenticator has answered; it is asked for after a password from now on.

    If it is the caller's first second factor, their other sessions end, as they were opened without.

    Returns:
        The passkey, and the recovery codes if it is the first second factor.

    Raises:
        Forbidden: a program calls.
        PasskeyInvalid: the answer is not right; its challenge is over.
        PasskeyKnown: somebody has it already.
    """
    answer = read_registration(credential)
    answering = answered(passkeys, caller, challenge_id, caller.session_id)
    async with answering, unit_of_work(passkeys.desk.sessions, caller) as session:
        user_id, codes = await require_own_session(session), passkeys.desk.codes

        async def add() -> UUID:
            now, session_id = passkeys.clock(), caller.session_id
            challenge = await challenges.take(
                session, challenge_id, challenges.REGISTER, now, user_id=user_id, session_id=session_id
            )
            registered = verify_registration(answer, challenge, passkeys.party)
            return await _add(passkeys, session, _row(user_id, name, registered))

        passkey = await PasskeyStore(session).get(await once(session, attempt, add))
        if passkey is None:
            raise NotFound
        given = await mfa_factors.has_recovery_codes(session, codes, user_id, passkey.id)
    return passkey, mfa_factors.recovery_codes(codes, user_id, passkey.id) if given else []


async def _add(passkeys: PasskeyDesk, session: TenantSession, row: Passkey) -> UUID:
    """Note a new passkey, and what comes with the first second factor."""
    user_id = row.user_id
    first = not await mfa_factors.methods_of(session, user_id)
    if not await PasskeyStore(session).add(row):
        raise PasskeyKnown
    if first:
        await mfa_factors.give_recovery_codes(session, passkeys.desk.codes, user_id, row.id)
        await end_sessions(session, user_id, passkeys.clock(), but=session.caller.session_id)
    record(session, PasskeyAdded(tenant_id=session.caller.tenant_id, user_id=user_id, passkey_id=row.id))
    return row.id


def _row(user_id: UUID, name: str, new: Registered) -> Passkey:
    return Passkey(
        id=uuid7(),
        user_id=user_id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        verifies_user=new.user_verified,
        backup_eligible=new.backup_eligible,
        backed_up=new.backed_up,
        transports=list(new.transports),
        name=name,
    )


async def own_passkeys(passkeys: PasskeyDesk, caller: Caller) -> Sequence[Passkey]:
    """The caller's, oldest first.

    Raises:
        Forbidden: a program calls.
    """
    async with passkeys.desk.sessions.read(caller) as session:
        return await PasskeyStore(session).of(await require_own_session(session))


async def rename(passkeys: PasskeyDesk, caller: Caller, passkey_id: UUID, name: str, attempt: Attempt) -> Passkey:
    """Call one of the caller's passkeys something else.

    Raises:
        Forbidden: a program calls.
        NotFound: the caller has no such passkey.
    """
    async with unit_of_work(passkeys.desk.sessions, caller) as session:
        user_id = await require_own_session(session)
        passkey = await PasskeyStore(session).locked(passkey_id, user_id)
        if passkey is None:
            raise NotFound

        async def change() -> UUID:
            passkey.name = name
            return passkey_id

        await once(session, attempt, change)
        return passkey


async def remove(passkeys: PasskeyDesk, caller: Caller, passkey_id: UUID, attempt: Attempt) -> UUID:
    """Accept one of the caller's passkeys no more.

    Raises:
        Forbidden: a program calls.
        NotFound: the caller has no such passkey.
    """
    async with unit_of_work(passkeys.desk.sessions, caller) as session:
        user_id = await require_own_session(session)

        async def take_away() -> UUID:
            if not await PasskeyStore(session).remove(passkey_id, user_id):
                raise NotFound
            await mfa_factors.drop_recovery_codes(session, user_id)
            record(session, PasskeyRemoved(tenant_id=caller.tenant_id, user_id=user_id, passkey_id=passkey_id))
            return passkey_id

        return await once(session, attempt, take_away)


@asynccontextmanager
async def answered(
    passkeys: PasskeyDesk, caller: Caller, challenge_id: UUID, session_id: UUID | None
) -> AsyncGenerator[None]:
    """Around the unit of work in which a challenge is answered: a wrong answer ends it as well.

    Raises:
        PasskeyInvalid: the answer was wrong, or says that there may be a copy of the passkey.
    """
    try:
        yield
    except PasskeyInvalid:
        async with unit_of_work(passkeys.desk.sessions, caller) as session:
            await ChallengeStore(session).drop(challenge_id, session_id)
        raise
    except _Suspected as error:
        async with unit_of_work(passkeys.desk.sessions, caller) as session:
            await ChallengeStore(session).drop(challenge_id, session_id)
            await _suspect(passkeys, session, error.passkey_id)
        raise PasskeyInvalid from error


async def _suspect(passkeys: PasskeyDesk, session: TenantSession, passkey_id: UUID) -> None:
    passkey = await PasskeyStore(session).get(passkey_id)
    if passkey is not None and passkey.suspected_at is None:
        passkey.suspected_at = passkeys.clock()
        tenant_id = session.caller.tenant_id
        record(session, PasskeySuspected(tenant_id=tenant_id, user_id=passkey.user_id, passkey_id=passkey_id))


async def used(
    passkeys: PasskeyDesk, session: TenantSession, credential: Credential, challenge: bytes
) -> tuple[Passkey, Asserted]:
    """The passkey that has signed a challenge, which is noted.

    Raises:
        PasskeyInvalid: nobody has it, it is not accepted any more, or it has not signed this.
    """
    answer = read_assertion(credential)
    passkey = await PasskeyStore(session).by_credential_id(answer.raw_id)
    if passkey is None or passkey.suspected_at is not None:
        raise PasskeyInvalid
    try:
        asserted = verify_assertion(answer, challenge, passkeys.party, passkey)
    except SignCountWentBack as error:
        raise _Suspected(passkey.id) from error
    handle = handle_of(session.caller.tenant_id, passkey.user_id)
    if asserted.user_handle not in {None, handle}:
        raise PasskeyInvalid
    passkey.sign_count, passkey.backed_up = asserted.sign_count, asserted.backed_up
    passkey.last_used_at = passkeys.clock()
    return passkey, asserted
