"""Every statement of the auth subgraph."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared import checks
from shared.data_keys import Protected
from shared.database import TenantSession
from shared.roles import Role
from subgraphs.auth.models import Account, SignInSession


class AccountStore:
    """Accounts of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def by_email(self, email: str) -> Account | None:
        known = checks.lookup(email)
        return await self._session.scalar(select(Account).where(Account.email == known)) if known else None

    async def by_id(self, user_id: UUID) -> Account | None:
        return await self._session.get(Account, user_id)

    async def locked(self, user_id: UUID) -> Account | None:
        """The account, to which nothing is added by others until the transaction ends: no role either."""
        chosen = select(Account).where(Account.user_id == user_id).with_for_update()
        return await self._session.scalar(chosen, execution_options={"populate_existing": True})

    async def set_password(self, user_id: UUID, sealed_password_hash: Protected) -> None:
        changed = update(Account).where(Account.user_id == user_id)
        await self._session.execute(changed.values(sealed_password_hash=sealed_password_hash))

    async def drop_password(self, user_id: UUID) -> None:
        """Let nobody in by a password until another one is chosen."""
        await self._session.execute(update(Account).where(Account.user_id == user_id).values(sealed_password_hash=None))

    async def verify_email(self, user_id: UUID, now: datetime) -> None:
        """Note that somebody reads the mail of the account's address."""
        await self._session.execute(update(Account).where(Account.user_id == user_id).values(email_verified_at=now))

    async def add(self, *, user_id: UUID, email: str, sealed_password_hash: str | None, role: Role) -> Account | None:
        """Insert an account; None if the person has one.

        The password's hash comes as it is sent, sealed by `shared.crypto.Sealer` for the person's id.

        Raises:
            IntegrityError: somebody else has one with this e-mail address.
        """
        sealed = None if sealed_password_hash is None else Protected(sealed_password_hash)
        values = {"user_id": user_id, "email": email, "sealed_password_hash": sealed, "role": role}
        added = insert(Account).values(values).on_conflict_do_nothing(index_elements=[Account.user_id])
        return await self._session.scalar(added.returning(Account))

    async def is_active(self, user_id: UUID) -> bool:
        """Whether somebody may get in with the account; it is not deactivated before the transaction ends."""
        chosen = select(Account.user_id).where(Account.user_id == user_id, Account.deactivated_at.is_(None))
        return await self._session.scalar(chosen.with_for_update(read=True)) is not None

    async def set_email(self, user_id: UUID, email: str) -> bool:
        """Give the account another address, which nobody has verified; False if somebody else has it."""
        taken = select(Account.user_id).where(Account.email == email, Account.user_id != user_id)
        if await self._session.scalar(taken) is not None:
            return False
        changed = update(Account).where(Account.user_id == user_id, Account.email != email)
        await self._session.execute(changed.values(email=email, email_verified_at=None))
        return True

    async def set_deactivated(self, user_id: UUID, at: datetime | None) -> None:
        """Close the account at that time, or open it again; whoever has looked at it before has come to an end."""
        await self._session.execute(update(Account).where(Account.user_id == user_id).values(deactivated_at=at))


class SignInSessionStore:
    """Sessions of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, user_id: UUID) -> UUID:
        opened = SignInSession(user_id=user_id)
        self._session.add(opened)
        await self._session.flush()
        return opened.id

    async def end(self, session_id: UUID, user_id: UUID) -> bool:
        """End a session of a person; tells whether it was open."""
        ended = (
            update(SignInSession)
            .where(SignInSession.id == session_id, SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
            .values(ended_at=func.now())
            .returning(SignInSession.id)
        )
        return await self._session.scalar(ended) is not None
