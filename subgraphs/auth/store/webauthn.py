"""Every statement about passkeys and their challenges."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.auth.models import Account, Passkey, WebAuthnChallenge


class PasskeyStore:
    """Passkeys of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def of(self, user_id: UUID) -> Sequence[Passkey]:
        """A person's, oldest first: there are few."""
        chosen = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
        return (await self._session.scalars(chosen)).all()

    async def owner(self, user_id: UUID) -> Account | None:
        """The person, by whose address authenticators call the account."""
        return await self._session.get(Account, user_id)

    async def get(self, passkey_id: UUID) -> Passkey | None:
        return await self._session.get(Passkey, passkey_id)

    async def add(self, passkey: Passkey) -> bool:
        """Insert one; false if somebody has it already."""
        values = {column.key: getattr(passkey, column.key) for column in Passkey.__table__.columns}
        given = {name: value for name, value in values.items() if value is not None}
        added = insert(Passkey).values(given).on_conflict_do_nothing(index_elements=[Passkey.credential_id])
        return await self._session.scalar(added.returning(Passkey.id)) is not None

    async def locked(self, passkey_id: UUID, user_id: UUID) -> Passkey | None:
        """A person's, which nobody else may change until the transaction ends."""
        chosen = select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id).with_for_update()
        return await self._session.scalar(chosen)

    async def by_credential_id(self, credential_id: bytes) -> Passkey | None:
        """As its authenticator calls it; nobody else may change it until the transaction ends."""
        chosen = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
        return await self._session.scalar(chosen)

    async def remove(self, passkey_id: UUID, user_id: UUID) -> bool:
        """Tells whether it was there."""
        removed = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
        return await self._session.scalar(removed.returning(Passkey.id)) is not None


class ChallengeStore:
    """Challenges of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, challenge: WebAuthnChallenge) -> None:
        self._session.add(challenge)
        await self._session.flush()

    async def get(self, challenge_id: UUID) -> WebAuthnChallenge | None:
        return await self._session.get(WebAuthnChallenge, challenge_id)

    async def take(
        self, challenge_id: UUID, purpose: str, user_id: UUID | None, session_id: UUID | None, now: datetime
    ) -> bytes | None:
        """A challenge that was made for just this; it is gone afterwards."""
        taken = (
            delete(WebAuthnChallenge)
            .where(
                WebAuthnChallenge.id == challenge_id,
                WebAuthnChallenge.purpose == purpose,
                WebAuthnChallenge.user_id.is_not_distinct_from(user_id),
                WebAuthnChallenge.session_id.is_not_distinct_from(session_id),
                WebAuthnChallenge.expires_at > now,
            )
            .returning(WebAuthnChallenge.challenge)
        )
        return await self._session.scalar(taken)

    async def drop(self, challenge_id: UUID, session_id: UUID | None) -> None:
        """Nobody can answer it any more, if it belongs to that session, or to none."""
        dropped = delete(WebAuthnChallenge).where(
            WebAuthnChallenge.id == challenge_id, WebAuthnChallenge.session_id.is_not_distinct_from(session_id)
        )
        await self._session.execute(dropped)

    async def drop_expired(self, now: datetime) -> None:
        await self._session.execute(delete(WebAuthnChallenge).where(WebAuthnChallenge.expires_at <= now))
