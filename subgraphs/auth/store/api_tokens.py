"""Every statement about API tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.auth.models import Account, ApiToken, ServiceAccount


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whose a token is: exactly one of the two."""

    user_id: UUID | None = None
    service_account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A token with what its owner is at the moment."""

    row: ApiToken
    role: str
    disabled: bool


class ApiTokenStore:
    """API tokens of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, token: ApiToken) -> None:
        self._session.add(token)
        await self._session.flush()

    async def get(self, token_id: UUID) -> ApiToken | None:
        return await self._session.get(ApiToken, token_id)

    async def locked(self, token_id: UUID) -> ApiToken | None:
        """The token, which nobody else may change until the transaction ends."""
        return await self._session.scalar(select(ApiToken).where(ApiToken.id == token_id).with_for_update())

    async def presented(self, digest: bytes) -> PresentedToken | None:
        """The token of that digest."""
        chosen = (
            select(
                ApiToken,
                func.coalesce(Account.role, ServiceAccount.role),
                func.coalesce(Account.deactivated_at, ServiceAccount.disabled_at).is_not(None),
            )
            .outerjoin(Account, Account.user_id == ApiToken.user_id)
            .outerjoin(ServiceAccount, ServiceAccount.id == ApiToken.service_account_id)
            .where(ApiToken.digest == digest)
        )
        found = (await self._session.execute(chosen)).one_or_none()
        return None if found is None else PresentedToken(found[0], found[1], disabled=found[2])

    async def count_open(self, owner: TokenOwner, now: datetime) -> int:
        """How many of an owner's tokens can be used."""
        chosen = select(func.count()).where(_is_of(owner), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
        return await self._session.scalar(chosen) or 0

    async def page(self, owner: TokenOwner, page: PageRequest[tuple[UUID]]) -> Sequence[ApiToken]:
        """An owner's, newest first."""
        chosen = select(ApiToken).where(_is_of(owner)).order_by(ApiToken.id.desc()).limit(page.limit)
        if page.after is not None:
            chosen = chosen.where(ApiToken.id < page.after[0])
        return (await self._session.scalars(chosen)).all()

    async def revoke_all(self, owner: TokenOwner) -> Sequence[UUID]:
        """The ids of those that could still have been used."""
        revoked = update(ApiToken).where(_is_of(owner), ApiToken.revoked_at.is_(None)).values(revoked_at=func.now())
        return (await self._session.scalars(revoked.returning(ApiToken.id))).all()

    async def note_use(self, token_id: UUID, now: datetime) -> None:
        await self._session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def _is_of(owner: TokenOwner) -> ColumnElement[bool]:
    if owner.user_id is not None:
        return ApiToken.user_id == owner.user_id
    return ApiToken.service_account_id == owner.service_account_id
