"""Which identity providers a tenant trusts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from shared.data_keys import DataKeys, KeyRing
from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound, Refusal, VersionConflict
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.permissions.places import Resource
from shared.roles import Role
from shared.tenancy.policies import SignInPolicy
from subgraphs.auth.errors import NameTaken
from subgraphs.auth.events import IdentityProviderChanged
from subgraphs.auth.models.identity_providers import IdentityProvider, IdentityProviderKind
from subgraphs.auth.service.permissions import given_by, own_rights, refuse_gain
from subgraphs.auth.service.policies import refuse_shut
from subgraphs.auth.store.identity_providers import FederatedIdentityStore, IdentityProviderStore

PERMISSION: Final = "tenant:manage"
MOST_PROVIDERS: Final = 50
MOST_URIS: Final = 20
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class TooManyIdentityProviders(Refusal):
    code = "TOO_MANY_IDENTITY_PROVIDERS"
    default_message = f"A tenant has at most {MOST_PROVIDERS} identity providers"


@dataclass(frozen=True, slots=True)
class Trust:
    """How a provider is to be asked, and what it is believed.

    Attributes:
        client_secret: None leaves the one there is.
        second_factor_counts: whether a second factor that somebody has shown to it stands for theirs here.
    """

    alias: str
    name: str
    issuer: str
    client_id: str
    email_domains: Sequence[str]
    return_uris: Sequence[str]
    opens_accounts: bool
    enabled: bool
    client_secret: str | None = field(default=None, repr=False)
    kind: IdentityProviderKind = IdentityProviderKind.OIDC
    second_factor_counts: bool = False


async def configure(
    session: TenantSession,
    keys: DataKeys,
    trust: Trust,
    attempt: Attempt,
    *,
    expected_version: int | None,
    policy: SignInPolicy,
    also: Callable[[UUID], Awaitable[None]] | None = None,
) -> IdentityProvider:
    """Trust a provider, or another way than before.

    Args:
        session: of the tenant.
        keys: seal its secret.
        trust: how it is trusted from now on.
        attempt: is made once.
        expected_version: that it has to have, if any is expected.
        policy: what the tenant asks of how its people sign in.
        also: writes what else its kind needs, with the same attempt.

    Raises:
        Forbidden, PermissionNotHeld: the caller may not, or holds less than whom the provider could let in.
        NameTaken: there is a provider of another kind by that alias.
        BadUserInput: a new one has no secret, or an address people may be sent to is none.
        VersionConflict: it has changed since the version that is expected.
        TooManyIdentityProviders: there are too many.
        LocksEverybodyOut: it is to be enabled no more, and nobody gets in by anything else.
    """
    await refuse_less_than_owner(session)
    for position, uri in enumerate(trust.return_uris):
        check_return_uri(uri, field=f"returnUris.{position}")

    async def write() -> UUID:
        if not trust.enabled:
            await IdentityProviderStore(session).hold()
        provider = await _written(session, await keys.of(session, sealing=True), trust, expected_version)
        if also is not None:
            await also(provider.id)
        if not trust.enabled:
            await refuse_shut(session, policy)
        tell_changed(session, provider)
        return provider.id

    found = await IdentityProviderStore(session).get(await once(session, attempt, write))
    if found is None:
        raise NotFound
    return found


async def remove(session: TenantSession, alias: str, attempt: Attempt, *, policy: SignInPolicy) -> UUID:
    """Trust a provider no more: its sign-ins under way end, and its links to accounts are forgotten.

    Raises:
        NotFound: there is none of that alias.
        LocksEverybodyOut: nobody gets in by anything else, as the tenant's policy has it.
    """
    session.caller.require(PERMISSION)
    store = IdentityProviderStore(session)

    async def write() -> UUID:
        await store.hold()
        provider = await store.locked(alias)
        if provider is None:
            raise NotFound
        await store.remove(provider)
        await refuse_shut(session, policy)
        tell_changed(session, provider, removed=True)
        return provider.id

    return await once(session, attempt, write)


def check_return_uri(uri: str, *, field: str) -> None:
    """Refuse what is no absolute web address, or one that anybody on the way can read or that carries a fragment."""
    parts = urlsplit(uri)
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if (parts.scheme != "https" and not plain) or not parts.hostname or parts.fragment or "@" in parts.netloc:
        raise BadUserInput(f"`{field}` must begin with https:// and have no fragment", field=field)


async def refuse_less_than_owner(session: TenantSession) -> None:
    """Refuse who is less than an owner: a provider can say of anybody that they are an owner who has an account."""
    session.caller.require(PERMISSION)
    there = Resource.tenant(session.caller.tenant_id)
    refuse_gain(await own_rights(session), there, await given_by(session, Role.OWNER))


async def _written(
    session: TenantSession, ring: KeyRing, trust: Trust, expected_version: int | None
) -> IdentityProvider:
    """The provider, new or as it is trusted from now on."""
    store = IdentityProviderStore(session)
    provider = await store.locked(trust.alias)
    if expected_version is not None and (provider is None or provider.version != expected_version):
        raise VersionConflict
    if provider is None:
        return await _added(store, ring, trust)
    if provider.kind != trust.kind:
        raise NameTaken
    if provider.issuer != trust.issuer:  # what somebody else calls people says nothing of who they are
        await FederatedIdentityStore(session).forget(provider.id)
    _change(provider, ring, trust)
    return provider


async def _added(store: IdentityProviderStore, ring: KeyRing, trust: Trust) -> IdentityProvider:
    if trust.client_secret is None:
        raise BadUserInput("`clientSecret` is needed for a new provider", field="clientSecret")
    if len(await store.all()) >= MOST_PROVIDERS:
        raise TooManyIdentityProviders
    provider = IdentityProvider(id=uuid7(), alias=trust.alias, kind=trust.kind, version=0)
    _change(provider, ring, trust)
    await store.add(provider)
    return provider


def _change(provider: IdentityProvider, ring: KeyRing, trust: Trust) -> None:
    provider.name, provider.issuer, provider.client_id = trust.name, trust.issuer, trust.client_id
    provider.email_domains, provider.return_uris = list(trust.email_domains), list(trust.return_uris)
    provider.opens_accounts, provider.enabled = trust.opens_accounts, trust.enabled
    provider.second_factor_counts = trust.second_factor_counts
    if trust.client_secret is not None:
        provider.sealed_client_secret = ring.seal(
            IdentityProvider.sealed_client_secret, provider.id, trust.client_secret
        )
    provider.version += 1


def tell_changed(session: TenantSession, provider: IdentityProvider, *, removed: bool = False) -> None:
    """Tell others that a provider is trusted otherwise than before, or no more."""
    told = IdentityProviderChanged(
        tenant_id=session.caller.tenant_id, provider_id=provider.id, alias=provider.alias, removed=removed
    )
    record(session, told)
