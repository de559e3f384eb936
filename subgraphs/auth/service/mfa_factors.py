"""A person's second factors: added, confirmed, used and taken away.

Source: RFC 6238 (TOTP; section 5.2: each code is accepted once) and NIST SP 800-63B, section 5.1.2 (look-up secrets).
"""

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pyotp import random_base32
from pyotp.totp import TOTP

from shared.authentication import ONE_TIME_CODE
from shared.data_keys import DataKeys, KeyRing
from shared.database import TenantSession
from shared.errors import NotFound
from shared.events import record
from shared.ids import uuid7
from subgraphs.auth.errors import CodeInvalid, TooManyFactors
from subgraphs.auth.events import MfaChanged
from subgraphs.auth.models import TotpFactor
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.codes import SignInCodes
from subgraphs.auth.store.mfa import RecoveryCodeStore, TotpFactorStore, held_by

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""That a clock may be behind or ahead."""
MOST_FACTORS: Final = 5
RECOVERY_CODES: Final = 10
_DIGITS: Final = 6
_GROUP: Final = 4
_RECOVERY_BYTES: Final = 10


class MfaMethod(StrEnum):
    """What a second factor can be."""

    TOTP = "TOTP"
    WEBAUTHN = "WEBAUTHN"
    RECOVERY_CODE = "RECOVERY_CODE"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An authenticator app that is being added."""

    factor_id: UUID
    secret: str = field(repr=False)
    """In base 32, as apps take it."""


async def methods_of(session: TenantSession, user_id: UUID) -> list[MfaMethod]:
    """By which second factors a person can prove who they are; empty if they have none."""
    held = await held_by(session, user_id)
    if not (held.totp or held.passkey):
        return []
    has = {MfaMethod.TOTP: held.totp, MfaMethod.WEBAUTHN: held.passkey, MfaMethod.RECOVERY_CODE: held.recovery_code}
    return [method for method, there in has.items() if there]


async def enroll(session: TenantSession, keys: DataKeys, user_id: UUID, name: str | None) -> UUID:
    """Begin to add an authenticator app; one that was begun before and not confirmed is forgotten.

    Raises:
        TooManyFactors: the person has as many as one may have.
    """
    factors = TotpFactorStore(session)
    if len(await factors.of(user_id)) >= MOST_FACTORS:
        raise TooManyFactors
    await factors.drop_unconfirmed(user_id)
    factor_id = uuid7()
    sealed = (await keys.of(session, sealing=True)).seal(TotpFactor.sealed_secret, factor_id, random_base32())
    await factors.add(TotpFactor(id=factor_id, user_id=user_id, name=name, sealed_secret=sealed))
    return factor_id


async def enrolment(session: TenantSession, keys: DataKeys, user_id: UUID, factor_id: UUID) -> Enrolment:
    """What the app has to be told.

    Raises:
        NotFound: there is no such factor, or it is confirmed: its secret is shown no more.
    """
    factor = await TotpFactorStore(session).get(factor_id, user_id)
    if factor is None or factor.confirmed_at is not None:
        raise NotFound
    return Enrolment(factor.id, _secret(await keys.of(session), factor))


async def confirm(
    session: TenantSession, desk: SignInDesk, user_id: UUID, factor_id: UUID, code: str, now: datetime
) -> bool:
    """Let an app count, once a code has shown that it works; tells whether it is the person's first.

    Raises:
        NotFound: there is no such factor, or it is confirmed.
        CodeInvalid: the code is wrong.
    """
    factors = TotpFactorStore(session)
    first = not await factors.of(user_id)
    factor = await factors.get(factor_id, user_id)
    if factor is None or factor.confirmed_at is not None:
        raise NotFound
    if not await _accepts(factors, await desk.keys.of(session), factor, code, now):
        raise CodeInvalid
    if first:
        await give_recovery_codes(session, desk.codes, user_id, factor_id)
    _tell(session, user_id, factor_id, added=True)
    return first


async def remove(session: TenantSession, user_id: UUID, factor_id: UUID) -> None:
    """Take an app away, and the recovery codes with the last.

    Raises:
        NotFound: there is no such factor.
    """
    if not await TotpFactorStore(session).remove(factor_id, user_id):
        raise NotFound
    await drop_recovery_codes(session, user_id)
    _tell(session, user_id, factor_id, added=False)


async def renew_recovery_codes(session: TenantSession, codes: SignInCodes, user_id: UUID) -> UUID:
    """Give a person other recovery codes; returns what `recovery_codes` makes them of.

    Raises:
        NotFound: the person has no second factor that they could lose.
    """
    if not await methods_of(session, user_id):
        raise NotFound
    batch_id = uuid7()
    await give_recovery_codes(session, codes, user_id, batch_id)
    return batch_id


async def give_recovery_codes(session: TenantSession, codes: SignInCodes, user_id: UUID, batch_id: UUID) -> None:
    """Let the codes of a batch count, in place of those before."""
    await RecoveryCodeStore(session).replace(user_id, _digests(codes, user_id, batch_id))


async def has_recovery_codes(session: TenantSession, codes: SignInCodes, user_id: UUID, batch_id: UUID) -> bool:
    """Whether the codes of a batch are those that a person has."""
    return await RecoveryCodeStore(session).are(user_id, _digests(codes, user_id, batch_id))


async def drop_recovery_codes(session: TenantSession, user_id: UUID) -> None:
    """Let none count any more, if the person has nothing that they stand in for."""
    if not await methods_of(session, user_id):
        await RecoveryCodeStore(session).drop(user_id)


def recovery_codes(codes: SignInCodes, user_id: UUID, batch_id: UUID) -> list[str]:
    """The codes of a batch, to be shown to the person; 80 bits each, made with a key, so that they are kept nowhere."""
    return [_recovery_code(codes, user_id, batch_id, place) for place in range(RECOVERY_CODES)]


async def verify(
    session: TenantSession, codes: SignInCodes, keys: DataKeys, user_id: UUID, code: str, now: datetime
) -> str | None:
    """Whether a code is the next of one of a person's apps, or a recovery code of theirs; it does not work again.

    Returns:
        The method, as tokens name it; None if the code is wrong.
    """
    plain = "".join(code.split()).replace("-", "").lower()
    if len(plain) == _DIGITS and plain.isascii() and plain.isdigit():
        factors, ring = TotpFactorStore(session), await keys.of(session)
        for factor in await factors.of(user_id):
            if await _accepts(factors, ring, factor, plain, now):
                return ONE_TIME_CODE
        return None
    used = await RecoveryCodeStore(session).use(user_id, codes.digests(*_counted(user_id, plain)), now)
    return ONE_TIME_CODE if used else None


async def _accepts(factors: TotpFactorStore, ring: KeyRing, factor: TotpFactor, code: str, now: datetime) -> bool:
    totp = TOTP(_secret(ring, factor), digits=_DIGITS, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    right = [
        step
        for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1)
        if hmac.compare_digest(totp.generate_otp(step), code)
    ]
    return bool(right) and await factors.accept(factor.id, right[0], now)


def _secret(ring: KeyRing, factor: TotpFactor) -> str:
    return ring.open(TotpFactor.sealed_secret, factor.id, factor.sealed_secret)


def _recovery_code(codes: SignInCodes, user_id: UUID, batch_id: UUID, place: int) -> str:
    raw = codes.digest("recovery-code", f"{user_id}:{batch_id}:{place}")[:_RECOVERY_BYTES]
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _digests(codes: SignInCodes, user_id: UUID, batch_id: UUID) -> list[bytes]:
    made = [code.replace("-", "") for code in recovery_codes(codes, user_id, batch_id)]
    return [codes.digest(*_counted(user_id, code)) for code in made]


def _counted(user_id: UUID, plain: str) -> tuple[str, str]:
    """What stands for a recovery code is the digest of this."""
    return "recovery-code-digest", f"{user_id}:{plain}"


def _tell(session: TenantSession, user_id: UUID, factor_id: UUID, *, added: bool) -> None:
    tenant_id = session.caller.tenant_id
    record(session, MfaChanged(tenant_id=tenant_id, user_id=user_id, factor_id=factor_id, added=added))
