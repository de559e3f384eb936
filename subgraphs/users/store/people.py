"""Statements about people."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from shared.roles import Role
from subgraphs.users.models import ExternalId, ProvisionedUser, User, UserStatus


class UserStore:
    """People of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def get(self, user_id: UUID) -> User | None:
        return await self._session.get(User, user_id)

    async def locked(self, user_id: UUID) -> User | None:
        """The person, whom nobody else changes until the transaction ends."""
        return await self._session.scalar(select(User).where(User.id == user_id).with_for_update())

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, User]:
        found = await self._session.scalars(select(User).where(User.id.in_(ids)))
        return {user.id: user for user in found}

    async def by_emails(self, emails: Iterable[str]) -> Mapping[str, User]:
        found = await self._session.scalars(select(User).where(User.email.in_(list(emails))).with_for_update())
        return {user.email: user for user in found}

    async def known(self, ids: Iterable[UUID]) -> set[UUID]:
        """Those of the ids that are people's."""
        return set(await self._session.scalars(select(User.id).where(User.id.in_(list(ids)))))

    async def is_provisioned(self, user_id: UUID) -> bool:
        """Whether the tenant's directory says who the person is."""
        kept = select(ProvisionedUser.user_id).where(
            ProvisionedUser.user_id == user_id, ProvisionedUser.removed_at.is_(None)
        )
        return await self._session.scalar(kept) is not None

    async def page(self, page: PageRequest[tuple[UUID]]) -> Sequence[User]:
        """In the order in which they came."""
        chosen = select(User).order_by(User.id).limit(page.limit)
        if page.after is not None:
            chosen = chosen.where(User.id > page.after[0])
        return (await self._session.scalars(chosen)).all()

    async def count(self) -> int:
        return await self._session.scalar(select(func.count()).select_from(User)) or 0

    async def add(self, **values: Any) -> User | None:
        """Insert a person; None if the id or the e-mail address is already here."""
        added = insert(User).values(**values).on_conflict_do_nothing().returning(User)
        return await self._session.scalar(added)

    async def set_email(self, user: User, email: str) -> bool:
        """Give a person another address; False if somebody else has it."""
        if await self._session.scalar(select(User.id).where(User.email == email)) is not None:
            return False
        try:
            async with self._session.begin_nested():
                user.email, user.version = email, user.version + 1
                await self._session.flush()
        except IntegrityError:  # taken since
            await self._session.refresh(user)
            return False
        return True

    async def is_handle_of_another(self, handle: str, user_id: UUID) -> bool:
        chosen = select(User.id).where(User.handle == handle, User.id != user_id)
        return await self._session.scalar(chosen) is not None

    async def lock_owners(self) -> None:
        """Let no other owner go until the transaction ends: two at once would each count the other as staying."""
        key = func.hashtextextended(f"owners:{self._session.caller.tenant_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def has_other_owner(self, user_id: UUID) -> bool:
        """Whether the tenant has an active owner beside this one."""
        owners = select(User.id).where(User.role == Role.OWNER, User.status == UserStatus.ACTIVE, User.id != user_id)
        return await self._session.scalar(owners.limit(1)) is not None

    async def owners(self, *, limit: int) -> Sequence[UUID]:
        """Active owners of the tenant, the first ones first."""
        owners = select(User.id).where(User.role == Role.OWNER, User.status == UserStatus.ACTIVE)
        return (await self._session.scalars(owners.order_by(User.id).limit(limit))).all()

    async def forget_fields_of_erased(self) -> None:
        """Drop what a process that knows nothing of encrypted values has left of people whom it erased."""
        left = update(User).where(User.status == UserStatus.ERASED, User.sealed_custom_fields.is_not(None))
        await self._session.execute(left.values(sealed_custom_fields=None))

    async def note_account(self, user_id: UUID) -> None:
        """Note that a person has an account, unless they were erased since."""
        opened = update(User).where(User.id == user_id, User.status != UserStatus.ERASED)
        await self._session.execute(opened.values(can_sign_in=True))


class ExternalIdStore:
    """What other systems call the people of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def of(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ExternalId]]:
        """Each person's, in the order of their sources."""
        chosen = select(ExternalId).where(ExternalId.user_id.in_(user_ids))
        found = await self._session.scalars(chosen.order_by(ExternalId.user_id, ExternalId.source))
        return {user_id: list(ids) for user_id, ids in groupby(found, key=lambda one: one.user_id)}

    async def set(self, user_id: UUID, source: str, external_id: str) -> bool:
        """False if the source calls somebody else so."""
        owner = select(ExternalId.user_id).where(ExternalId.source == source, ExternalId.external_id == external_id)
        if await self._session.scalar(owner) not in {None, user_id}:
            return False
        added = insert(ExternalId).values(user_id=user_id, source=source, external_id=external_id)
        await self._session.execute(
            added.on_conflict_do_update(
                index_elements=[ExternalId.user_id, ExternalId.source], set_={"external_id": external_id}
            )
        )
        return True

    async def remove(self, user_id: UUID, source: str) -> None:
        await self._session.execute(
            delete(ExternalId).where(ExternalId.user_id == user_id, ExternalId.source == source)
        )
