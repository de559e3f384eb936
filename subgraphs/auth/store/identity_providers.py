"""Statements about identity providers, and about sign-ins through them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from shared import checks
from shared.database import TenantSession
from subgraphs.auth.models import Account
from subgraphs.auth.models.identity_providers import FederatedIdentity, FederatedSignIn, IdentityProvider


class IdentityProviderStore:
    """Providers of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def all(self) -> Sequence[IdentityProvider]:
        """By their aliases."""
        return (await self._session.scalars(select(IdentityProvider).order_by(IdentityProvider.alias))).all()

    async def get(self, provider_id: UUID) -> IdentityProvider | None:
        return await self._session.get(IdentityProvider, provider_id)

    async def by_alias(self, alias: str) -> IdentityProvider | None:
        known = checks.lookup(alias)
        chosen = select(IdentityProvider).where(IdentityProvider.alias == known)
        return await self._session.scalar(chosen) if known else None

    async def unchanged(self, provider: IdentityProvider) -> bool:
        """Whether the provider is still who it was when it was read, and trusted; it stays so for this transaction."""
        same = select(IdentityProvider.id).where(
            IdentityProvider.id == provider.id, IdentityProvider.issuer == provider.issuer, IdentityProvider.enabled
        )
        return await self._session.scalar(same.with_for_update(read=True)) is not None

    async def locked(self, alias: str) -> IdentityProvider | None:
        """The same, until the transaction's end for this one alone."""
        return await self._session.scalar(
            select(IdentityProvider).where(IdentityProvider.alias == alias).with_for_update()
        )

    async def hold(self) -> None:
        """Let nobody else change or remove any until the transaction ends."""
        await self._session.execute(select(IdentityProvider.id).order_by(IdentityProvider.alias).with_for_update())

    async def add(self, provider: IdentityProvider) -> None:
        self._session.add(provider)
        await self._session.flush()

    async def remove(self, provider: IdentityProvider) -> None:
        await self._session.delete(provider)
        await self._session.flush()


class FederatedIdentityStore:
    """Who of the session's tenant comes through which provider."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def account_of(self, provider_id: UUID, subject: str) -> Account | None:
        return await self._session.scalar(
            select(Account)
            .join(FederatedIdentity, FederatedIdentity.user_id == Account.user_id)
            .where(FederatedIdentity.provider_id == provider_id, FederatedIdentity.subject == subject)
        )

    async def has(self, provider_id: UUID, user_id: UUID) -> bool:
        """Whether the provider means that person by any subject."""
        meant = select(FederatedIdentity.subject).where(
            FederatedIdentity.provider_id == provider_id, FederatedIdentity.user_id == user_id
        )
        return await self._session.scalar(meant.limit(1)) is not None

    async def speaks_for(self, user_id: UUID, email: str) -> bool:
        """Whether a provider that means the person may say what the addresses of that one's domain are."""
        chosen = (
            select(IdentityProvider.id)
            .join(FederatedIdentity, FederatedIdentity.provider_id == IdentityProvider.id)
            .where(
                FederatedIdentity.user_id == user_id,
                IdentityProvider.enabled,
                IdentityProvider.email_domains.contains([email.rpartition("@")[2]]),
            )
        )
        return await self._session.scalar(chosen.limit(1)) is not None

    async def link(self, provider_id: UUID, subject: str, user_id: UUID) -> None:
        """Note whom the provider means; whoever was first stays."""
        values = {"provider_id": provider_id, "subject": subject, "user_id": user_id}
        await self._session.execute(insert(FederatedIdentity).values(values).on_conflict_do_nothing())

    async def forget(self, provider_id: UUID) -> None:
        """Forget whom a provider means, all of them, and whom it was about to tell."""
        for model in (FederatedIdentity, FederatedSignIn):
            await self._session.execute(delete(model).where(model.provider_id == provider_id))


@dataclass(frozen=True, slots=True)
class FederatedAnswer:
    """Whom a provider means by its `subject`; when and how they proved it to the provider."""

    subject: str
    authenticated_at: datetime | None
    amr: list[str]


class FederatedSignInStore:
    """Sign-ins that providers have answered in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def is_answered(self, state_hash: bytes) -> bool:
        """Whether the provider has answered a question with that state."""
        answered = select(FederatedSignIn.id).where(FederatedSignIn.state_hash == state_hash)
        return await self._session.scalar(answered) is not None

    async def answer(self, values: Mapping[str, Any], answer: FederatedAnswer) -> bool:
        """Note whom the provider means in a sign-in of these values; False if it has answered before."""
        noted = insert(FederatedSignIn).values({**values, **asdict(answer)})
        once = noted.on_conflict_do_nothing(index_elements=[FederatedSignIn.state_hash])
        return await self._session.scalar(once.returning(FederatedSignIn.id)) is not None

    async def forget(self, before: datetime) -> None:
        """Forget those that could be completed until then."""
        await self._session.execute(delete(FederatedSignIn).where(FederatedSignIn.expires_at < before))

    async def refuse(self, provider_id: UUID, subject: str, refusal: str) -> None:
        """Note why no account is opened for whoever waits for one."""
        waiting = update(FederatedSignIn).where(
            FederatedSignIn.provider_id == provider_id,
            FederatedSignIn.subject == subject,
            FederatedSignIn.completed_at.is_(None),
        )
        await self._session.execute(waiting.values(refusal=refusal))

    async def complete(self, code_hash: bytes, now: datetime) -> FederatedSignIn | None:
        """The sign-in that a code completes, the first time."""
        done = (
            update(FederatedSignIn)
            .where(
                FederatedSignIn.code_hash == code_hash,
                FederatedSignIn.completed_at.is_(None),
                FederatedSignIn.expires_at > now,
            )
            .values(completed_at=now)
            .returning(FederatedSignIn)
        )
        return await self._session.scalar(done)
