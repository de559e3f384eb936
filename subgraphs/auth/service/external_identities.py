"""What identity providers call people, as people see it and end it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.caller import Caller, require_own
from shared.database import TenantSession, unit_of_work
from shared.errors import NotFound, Refusal
from shared.events import record
from shared.idempotency import Attempt, once
from shared.permissions.places import Resource
from shared.tenancy.policies import SignInPolicy, WayIn
from subgraphs.auth.events import IdentityUnlinked
from subgraphs.auth.models import Account
from subgraphs.auth.models.identity_providers import FederatedIdentity, IdentityProvider
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import Change, Subject, describe
from subgraphs.auth.service.impersonation import compared
from subgraphs.auth.service.mfa import own_tenant
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.permissions import own_rights
from subgraphs.auth.service.policies import way_through
from subgraphs.auth.service.sessions import end_sessions
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.external_identities import ExternalIdentityStore
from subgraphs.auth.store.identity_providers import IdentityProviderStore
from subgraphs.auth.store.webauthn import PasskeyStore

MANAGE_PEOPLE = "users:manage"


class LastWayIn(Refusal):
    code = "LAST_WAY_IN"
    default_message = "You could not sign in any more; choose a password or add a passkey first"


@dataclass(frozen=True, slots=True)
class Linked:
    """A provider that means somebody, since when."""

    provider: IdentityProvider
    since: datetime


async def linked(desk: SignInDesk, caller: Caller, user_id: UUID | None) -> list[Linked]:
    """The providers that mean a person: the caller if no other is named.

    Raises:
        Unauthenticated: nobody calls.
        Forbidden: it is somebody else, and the caller manages nobody.
    """
    whose = require_own(caller, MANAGE_PEOPLE) if user_id is None else user_id
    if not caller.is_themselves(whose):
        caller.require(MANAGE_PEOPLE)
    async with desk.sessions.read(caller) as session:
        found = await ExternalIdentityStore(session).of(whose)
    return [Linked(provider, identity.created_at) for provider, identity in found]


async def unlink(desk: SignInDesk, caller: Caller, alias: str, user_id: UUID | None, attempt: Attempt) -> UUID:
    """Forget what a provider calls a person; gives the provider's id.

    The person's other sessions end: some may have been opened through it. A later sign-in through it leads to them
    again if the provider speaks for their address, which is the tenant's to say.

    Args:
        desk: where people sign in.
        caller: the person themselves, or who manages people.
        alias: the provider's.
        user_id: whose; None for the caller's own.
        attempt: is made once.

    Raises:
        Forbidden: it is not they themselves who call, or the caller manages nobody.
        NotFound: there is no such provider or person, or it does not mean them.
        PermissionNotHeld: the person may do what the caller may not.
        LastWayIn: the caller could not sign in any more.
    """
    policy = (await own_tenant(desk, caller)).policies.sign_in
    async with unit_of_work(desk.sessions, caller) as session:
        own_id = await require_own_session(session)
        whose, now = user_id or own_id, desk.clock()
        if whose != own_id:
            caller.require(MANAGE_PEOPLE)

        async def forget() -> UUID:
            account, provider = await _found(session, whose, alias)
            if whose == own_id:
                await _refuse_last(session, policy, account, provider)
            else:
                await _refuse_unmanaged(session, account, now)
            if not await ExternalIdentityStore(session).remove(provider.id, whose):
                raise NotFound("The provider does not mean that person")
            await end_sessions(session, whose, now, but=caller.session_id)
            describe(session, Subject("User", whose), changes=[Change("identityProvider", provider.alias, None)])
            record(session, IdentityUnlinked(tenant_id=caller.tenant_id, provider_id=provider.id, user_id=whose))
            return provider.id

        return await once(session, attempt, forget)


async def _found(session: TenantSession, user_id: UUID, alias: str) -> tuple[Account, IdentityProvider]:
    """The person, of whom nobody else unlinks anything until the transaction ends, and the provider."""
    account = await AccountStore(session).locked(user_id)
    provider = await IdentityProviderStore(session).by_alias(alias)
    if account is None or provider is None:
        raise NotFound("There is no such person, or no such provider")
    return account, provider


async def _refuse_unmanaged(session: TenantSession, account: Account, now: datetime) -> None:
    """Refuse who does not manage people, or not such people."""
    rights = await own_rights(session)
    rights.require(MANAGE_PEOPLE, Resource.tenant(session.caller.tenant_id))
    await compared(session, rights, account, now)


async def _refuse_last(
    session: TenantSession, policy: SignInPolicy, account: Account, provider: IdentityProvider
) -> None:
    """Refuse to leave somebody without a way in that the tenant leaves open."""
    others = [each for each in await ExternalIdentityStore(session).of(account.user_id) if each[0].id != provider.id]
    left = set(_through(others))
    if account.sealed_password_hash is not None:
        left.add(WayIn.PASSWORD)
    if await PasskeyStore(session).of(account.user_id):
        left.add(WayIn.PASSKEY)
    if left.isdisjoint(policy.ways) and WayIn.MAGIC_LINK not in policy.ways:
        raise LastWayIn


def _through(identities: Sequence[tuple[IdentityProvider, FederatedIdentity]]) -> Iterable[WayIn]:
    """The ways that lead through providers which people can sign in through now."""
    for provider, _ in identities:
        if provider.enabled:
            yield way_through(provider)
