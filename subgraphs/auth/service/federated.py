"""Signing in through an identity provider that the tenant trusts.

The browser begins, is sent to the provider and comes back; the client completes it with a code that works once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from shared.caller import Caller
from shared.data_keys import KeyRing
from shared.database import TenantSession, unit_of_work
from shared.errors import NotFound, Refusal
from shared.idempotency import Attempt
from shared.outbound import OutboundRefused
from shared.tenancy.policies import WayIn
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.models.identity_providers import IdentityProvider, IdentityProviderKind
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.federated_begun import (
    Asked,
    BegunSeal,
    Return,
    WayBack,
    complete,
    new_secret,
    refuse_answered,
    sign_in_page,
)
from subgraphs.auth.service.federated_people import NoAccount, Person, admit_person, person_of
from subgraphs.auth.service.mfa import Entry, MfaRequired, admit_once
from subgraphs.auth.service.oidc_client import ClientCredentials, OidcClient, Proofs, ProviderRefused
from subgraphs.auth.service.policies import refuse_closed
from subgraphs.auth.service.refusals import keep_refused_answer
from subgraphs.auth.service.sessions import open_tenant
from subgraphs.auth.store.identity_providers import IdentityProviderStore


@dataclass(frozen=True, slots=True)
class FederationDesk:
    """What signing in through others needs."""

    desk: SignInDesk
    client: OidcClient
    public_url: str
    begun: BegunSeal

    def callback(self, slug: str, alias: str) -> str:
        """Where the provider sends people back to; registered there."""
        return f"{self.public_url}/t/{slug}/federated/{alias}/callback"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps."""

    url: str
    kept: str = field(repr=False)


async def begin(federation: FederationDesk, slug: str, alias: str, way_back: WayBack) -> Begun:
    """Begin a sign-in.

    Raises:
        TenantNotFound: there is no such tenant, or it is not open.
        NotFound: it has no such provider.
        BadUserInput: people are not to be sent to that address, or the challenge is none.
        OutboundRefused, ProviderRefused: the provider cannot be asked.
        WayInClosed: the tenant lets nobody in through such a provider.
    """
    tenant, caller = await open_tenant(federation.desk, slug)
    refuse_closed(tenant.policies.sign_in, WayIn.FEDERATED)
    async with federation.desk.sessions.read(caller) as session:
        provider = await enabled(session, alias, IdentityProviderKind.OIDC)
    way_back.check(provider, sign_in_page(federation.public_url, tenant.slug))
    nonce, verifier = new_secret(), new_secret()
    asked = Asked.now(provider, msgspec.json.encode((nonce, verifier)).decode(), way_back, federation.desk.clock())
    kept = federation.begun.seal(tenant.id, provider, asked)
    redirect_uri, proofs = federation.callback(tenant.slug, alias), Proofs(nonce, verifier)
    url = await federation.client.authorization_url(
        provider.issuer, provider.client_id, redirect_uri, asked.state, proofs, again=way_back.again
    )
    return Begun(url, kept)


async def finish(federation: FederationDesk, slug: str, alias: str, answer: Mapping[str, str], kept: str) -> Return:
    """Take the provider's answer; returns where the browser goes on, with a code for the client.

    Raises:
        TenantNotFound, NotFound: as above.
        SignInNotBegun: the answer is to no question that this browser asked.
    """
    tenant, caller = await open_tenant(federation.desk, slug)
    async with federation.desk.sessions.read(caller) as session:
        provider = await enabled(session, alias, IdentityProviderKind.OIDC)
        asked = federation.begun.open(tenant.id, provider, kept, answer.get("state", ""), federation.desk.clock())
        await refuse_answered(session, asked)
        ring = await federation.desk.keys.of(session)
    try:
        refuse_closed(tenant.policies.sign_in, WayIn.FEDERATED)  # else it would go on bringing newcomers
        person = await _who(federation, tenant, provider, ring, asked, answer)
        async with unit_of_work(federation.desk.sessions, caller) as session:
            code = await admit_person(session, provider, asked, person)
    except OutboundRefused:  # it does not answer, or has given nobody that code
        return await refused(federation.desk, caller, provider, asked.way_back.return_uri, ProviderRefused())
    except Refusal as refusal:
        return await refused(federation.desk, caller, provider, asked.way_back.return_uri, refusal)
    return Return(asked.way_back.return_uri, code)


async def refused(
    desk: SignInDesk, caller: Caller, provider: IdentityProvider, return_uri: str, refusal: Refusal
) -> Return:
    """Where the browser goes on that brought an answer in vain, of which the audit tells."""
    action = "federatedSignInWithoutAccount" if isinstance(refusal, NoAccount) else "federatedSignInRefused"
    await keep_refused_answer(desk, caller, provider.id, action, refusal.code)
    return Return(return_uri, error=refusal.code)


async def sign_in(
    desk: SignInDesk, slug: str, code: str, verifier: str | None, attempt: Attempt
) -> SignedIn | MfaRequired:
    """Let in whoever came back with that code, or ask for the second factor they have here.

    Args:
        desk: where they stand.
        slug: the tenant's.
        code: that they came back with.
        verifier: of the challenge that the sign-in was begun with; None if it was begun with none.
        attempt: is made once.

    Raises:
        TenantNotFound: there is no such tenant, or it is not open.
        SignInNotBegun: no sign-in has the code, or one that was completed already, or another client has begun it.
        AccountNotReady: the account is being opened; the code goes on working.
        WayInClosed: the tenant lets nobody in through such a provider.
    """
    tenant, caller = await open_tenant(desk, slug)
    async with unit_of_work(desk.sessions, caller) as session:

        async def enter() -> Entry:
            return Entry(*await complete(session, code, verifier))

        return await admit_once(desk, tenant, session, enter, attempt)


async def _who(
    federation: FederationDesk,
    tenant: TenantRecord,
    provider: IdentityProvider,
    ring: KeyRing,
    asked: Asked,
    answer: Mapping[str, str],
) -> Person:
    """Whom the provider means.

    Raises:
        ProviderRefused: it said so of nobody, or somebody else than the provider answered.
    """
    metadata = await federation.client.metadata(provider.issuer)
    named = answer.get("iss")
    if named != provider.issuer and (named is not None or metadata.names_issuer):
        raise ProviderRefused
    code = answer.get("code")
    if code is None or "error" in answer:
        raise ProviderRefused
    secret = ring.open(IdentityProvider.sealed_client_secret, provider.id, provider.sealed_client_secret)
    nonce, verifier = msgspec.json.decode(asked.proofs, type=tuple[str, str])
    claims = await federation.client.claims(
        provider.issuer,
        ClientCredentials(provider.client_id, secret),
        code,
        federation.callback(tenant.slug, provider.alias),
        Proofs(nonce, verifier),
    )
    return person_of(claims, provider.email_domains)


async def enabled(session: TenantSession, alias: str, kind: IdentityProviderKind) -> IdentityProvider:
    """The provider of that name, which people can sign in through now.

    Raises:
        NotFound: there is none, or it is spoken with otherwise.
    """
    provider = await IdentityProviderStore(session).by_alias(alias)
    if provider is None or not provider.enabled or provider.kind != kind:
        raise NotFound
    return provider
