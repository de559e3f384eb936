"""Every statement about second factors, and sign-ins that wait for one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update

from shared.database import TenantSession
from subgraphs.auth.models import MfaChallenge, Passkey, RecoveryCode, TotpFactor


@dataclass(frozen=True, slots=True)
class Held:
    """What a person has beside their first factor."""

    totp: bool
    passkey: bool
    recovery_code: bool


async def held_by(session: TenantSession, user_id: UUID) -> Held:
    """What a person of the session's tenant has.

    A passkey counts that there may be a copy of: whoever has made one must not get in by the password alone for that.
    """
    confirmed = TotpFactor.confirmed_at.is_not(None)
    found = await session.execute(
        select(
            exists().where(TotpFactor.user_id == user_id, confirmed),
            exists().where(Passkey.user_id == user_id),
            exists().where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)),
        )
    )
    return Held(*found.one())


class TotpFactorStore:
    """Authenticator apps of people of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, factor: TotpFactor) -> None:
        self._session.add(factor)
        await self._session.flush()

    async def of(self, user_id: UUID) -> Sequence[TotpFactor]:
        """A person's, those that count, the oldest first."""
        chosen = select(TotpFactor).where(TotpFactor.user_id == user_id, TotpFactor.confirmed_at.is_not(None))
        return (await self._session.scalars(chosen.order_by(TotpFactor.id))).all()

    async def get(self, factor_id: UUID, user_id: UUID) -> TotpFactor | None:
        """One of a person's, confirmed or not."""
        chosen = select(TotpFactor).where(TotpFactor.id == factor_id, TotpFactor.user_id == user_id)
        return await self._session.scalar(chosen)

    async def accept(self, factor_id: UUID, step: int, now: datetime) -> bool:
        """Take a code of a time step, and none up to it again; tells whether it was the first to come."""
        accepted = (
            update(TotpFactor)
            .where(TotpFactor.id == factor_id, or_(TotpFactor.last_step.is_(None), TotpFactor.last_step < step))
            .values(last_step=step, confirmed_at=func.coalesce(TotpFactor.confirmed_at, now))
            .returning(TotpFactor.id)
        )
        return await self._session.scalar(accepted) is not None

    async def drop_unconfirmed(self, user_id: UUID) -> None:
        """Drop those of a person that they have begun to add and not gone on with."""
        await self._session.execute(
            delete(TotpFactor).where(TotpFactor.user_id == user_id, TotpFactor.confirmed_at.is_(None))
        )

    async def remove(self, factor_id: UUID, user_id: UUID) -> bool:
        """Drop one of a person's; tells whether it was there."""
        removed = delete(TotpFactor).where(TotpFactor.id == factor_id, TotpFactor.user_id == user_id)
        return await self._session.scalar(removed.returning(TotpFactor.id)) is not None


class RecoveryCodeStore:
    """Recovery codes of people of the session's tenant, as digests."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def replace(self, user_id: UUID, digests: Collection[bytes]) -> None:
        """Give a person these in place of those they had."""
        await self._session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        self._session.add_all(RecoveryCode(user_id=user_id, digest=digest) for digest in digests)
        await self._session.flush()

    async def use(self, user_id: UUID, digests: Collection[bytes], now: datetime) -> bool:
        """Use one up that is any of these; tells whether it was there to be used."""
        used = (
            update(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.digest.in_(digests), RecoveryCode.used_at.is_(None))
            .values(used_at=now)
            .returning(RecoveryCode.user_id)
        )
        return await self._session.scalar(used) is not None

    async def are(self, user_id: UUID, digests: Collection[bytes]) -> bool:
        """Whether a person's are these, used or not."""
        known = select(RecoveryCode.user_id).where(RecoveryCode.user_id == user_id, RecoveryCode.digest.in_(digests))
        return await self._session.scalar(known.limit(1)) is not None

    async def left(self, user_id: UUID) -> int:
        """How many a person can still use."""
        counted = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        return await self._session.scalar(counted) or 0

    async def drop(self, user_id: UUID) -> None:
        await self._session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


class MfaChallengeStore:
    """Sign-ins in the session's tenant that wait for a second factor."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, challenge: MfaChallenge) -> UUID:
        self._session.add(challenge)
        await self._session.flush()
        return challenge.id

    async def get(self, challenge_id: UUID) -> MfaChallenge | None:
        return await self._session.get(MfaChallenge, challenge_id)

    async def waiting(self, challenge_id: UUID, now: datetime) -> MfaChallenge | None:
        """One that can be passed; others wait for it until the transaction ends."""
        chosen = select(MfaChallenge).where(
            MfaChallenge.id == challenge_id, MfaChallenge.passed_at.is_(None), MfaChallenge.expires_at > now
        )
        return await self._session.scalar(chosen.with_for_update(), execution_options={"populate_existing": True})

    async def close(self, user_id: UUID, now: datetime) -> None:
        """Let nobody pass a person's."""
        waiting = update(MfaChallenge).where(
            MfaChallenge.user_id == user_id, MfaChallenge.passed_at.is_(None), MfaChallenge.expires_at > now
        )
        await self._session.execute(waiting.values(expires_at=now))

    async def forget(self, before: datetime) -> None:
        """Drop those that expired before then."""
        await self._session.execute(delete(MfaChallenge).where(MfaChallenge.expires_at < before))
