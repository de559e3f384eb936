"""Whom a provider means.

They are known by the provider's own subject. An e-mail address links it to an account only if the provider has verified
the address and the tenant lets it speak for the address's domain: nobody takes over an account by claiming an address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared import checks
from shared.caller import Caller
from shared.database import TenantSession
from shared.errors import BadUserInput, Refusal
from shared.events import record
from shared.roles import Role
from subgraphs.auth.events import PersonArrived
from subgraphs.auth.models.identity_providers import IdentityProvider
from subgraphs.auth.service.claiming import claim
from subgraphs.auth.service.federated_begun import Asked, keep_answer
from subgraphs.auth.service.federated_proofs import answer_of, claimed_contexts, claimed_time, refuse_old
from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.identity_providers import (
    FederatedIdentityStore,
    FederatedSignInStore,
    IdentityProviderStore,
)


class NoAccount(Refusal):
    code = "NO_ACCOUNT"
    default_message = "There is no account for you here; ask for an invitation"


class AddressReused(NoAccount):
    """Providers give the address of who has left to somebody new. Source: OpenID Connect Core 1.0, section 5.7."""

    code = "ADDRESS_REUSED"
    default_message = "Your address belongs to an account that the identity provider has named otherwise before"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a provider means, as far as it is believed."""

    subject: str
    name: str
    email: str | None
    """None unless the provider has verified it and may speak for it."""
    role: Role = Role.LEARNER
    """Of newcomers whom nobody has invited."""
    proved_at: datetime | None = None
    """When they proved who they are, as the provider says; None if it does not."""
    contexts: frozenset[str] = frozenset()
    """How they did, in the provider's words."""


def person_of(claims: Mapping[str, Any], email_domains: list[str]) -> Person:
    """What of a provider's claims is believed."""
    email = claims.get("email") if claims.get("email_verified") is True else None
    believed = believable_address(email, email_domains)
    called = believable_name(claims.get("name"), believed)
    return Person(claims["sub"], called, believed, proved_at=claimed_time(claims), contexts=claimed_contexts(claims))


def believable_address(email: object, email_domains: Sequence[str]) -> str | None:
    """The address, if it is one, and of a domain that the provider may speak for."""
    try:
        address = checks.email_address(email) if isinstance(email, str) else ""
    except BadUserInput:
        address = ""
    return address if address.partition("@")[2] in email_domains else None


def believable_name(name: object, email: str | None) -> str:
    """What somebody is called; what stands before the at sign where they are called nothing that can be shown."""
    try:
        called = checks.text(name, field="name") if isinstance(name, str) else ""
    except BadUserInput:
        called = ""
    return called or (email or "").partition("@")[0]


async def admit_person(session: TenantSession, provider: IdentityProvider, asked: Asked, person: Person) -> str:
    """A code for whom the provider means in a sign-in; it completes it once.

    Args:
        session: of the tenant.
        provider: as it was when it was asked.
        asked: what it was asked with.
        person: whom it means.

    Raises:
        SignInNotBegun: it has answered before.
        ProviderRefused: the tenant trusts the provider no more, or another one in its place.
        NotProvedAgain: it relied on what it knew before.
        NoAccount: nobody here, and no account is opened for them.
        AddressReused: their address is of somebody whom the provider calls otherwise.
    """
    if not await IdentityProviderStore(session).unchanged(provider):
        raise ProviderRefused
    now = datetime.now(UTC)
    answer = answer_of(provider, person.subject, person.proved_at, person.contexts, now)
    refuse_old(answer, asked)
    code = await keep_answer(session, provider, asked, answer, now)
    await _lead(session, provider, person)
    return code


async def _lead(session: TenantSession, provider: IdentityProvider, person: Person) -> None:
    """Find the account of whom a provider means, or have one opened for them."""
    identities = FederatedIdentityStore(session)
    if await identities.account_of(provider.id, person.subject) is None:
        known = await AccountStore(session).by_email(person.email) if person.email else None
        if known is not None and await identities.has(provider.id, known.user_id):
            raise AddressReused
        if known is not None:
            await claim(session, known, datetime.now(UTC))
            await identities.link(provider.id, person.subject, known.user_id)
        elif provider.opens_accounts and person.email:
            record(session, _arrived(session.caller, provider, person, person.email))
        else:
            raise NoAccount


async def link(session: TenantSession, provider_id: UUID, subject: str, user_id: UUID, issuer: str | None) -> None:
    """Note whom a provider means, if the tenant still trusts it and it means them by no other name. Safe to repeat.

    Args:
        session: of the tenant.
        provider_id: the provider's.
        subject: what it called them.
        user_id: who they are here.
        issuer: who the provider was then: another one may be trusted in its place by now. None if nobody noted it.
    """
    identities, provider = FederatedIdentityStore(session), await IdentityProviderStore(session).get(provider_id)
    trusted = provider is not None and issuer in {None, provider.issuer}
    if trusted and not await identities.has(provider_id, user_id):
        await identities.link(provider_id, subject, user_id)


async def refuse(session: TenantSession, provider_id: UUID, subject: str, code: str) -> None:
    """Let whoever waits for an account know that none is opened, and by `code` why."""
    await FederatedSignInStore(session).refuse(provider_id, subject, code)


def _arrived(caller: Caller, provider: IdentityProvider, person: Person, email: str) -> PersonArrived:
    return PersonArrived(
        tenant_id=caller.tenant_id,
        provider_id=provider.id,
        subject=person.subject,
        email=email,
        display_name=person.name,
        role=person.role,
        issuer=provider.issuer,
    )
