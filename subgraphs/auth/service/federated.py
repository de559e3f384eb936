"""Signing in through an identity provider that the tenant trusts.

The browser begins, is sent to the provider and comes back; the client completes it with a code that works once. Who a
provider means is known by its own subject. An e-mail address links it to an account only if the provider has verified
the address and the tenant lets it speak for the address's domain: nobody takes over an account by claiming an address.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from shared import checks
from shared.authentication import FEDERATED, Authentication
from shared.caller import Caller
from shared.data_keys import KeyRing
from shared.database import TenantSession, unit_of_work
from shared.errors import BadUserInput, NotFound, Refusal
from shared.events import record
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.events import PersonArrived
from subgraphs.auth.models import Account
from subgraphs.auth.models.identity_providers import FederatedSignIn, IdentityProvider
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.mfa import Entry, MfaRequired, admit_once
from subgraphs.auth.service.oidc_client import ClientCredentials, OidcClient, Proofs, ProviderRefused
from subgraphs.auth.service.sessions import open_tenant
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.identity_providers import (
    FederatedIdentityStore,
    FederatedSignInStore,
    IdentityProviderStore,
)

AT_PROVIDER: Final = timedelta(minutes=10)
"""That somebody may take to sign in at the provider."""
TO_COMPLETE: Final = timedelta(minutes=2)
_SECRET_BYTES: Final = 32


class SignInNotBegun(BadUserInput):
    """What comes back belongs to no sign-in that this browser has begun, or to one that was answered already."""

    code = "SIGN_IN_NOT_BEGUN"
    default_message = "This sign-in was not begun here, or has ended; begin again"


class NoAccount(Refusal):
    code = "NO_ACCOUNT"
    default_message = "There is no account for you here; ask for an invitation"


class AccountNotReady(Refusal):
    """The account is being opened; the same code works in a moment."""

    code = "ACCOUNT_NOT_READY"
    default_message = "Your account is being opened; try again in a moment"


@dataclass(frozen=True, slots=True)
class FederationDesk:
    """What signing in through others needs."""

    desk: SignInDesk
    client: OidcClient
    public_url: str

    def callback(self, slug: str, alias: str) -> str:
        """Where the provider sends people back to; registered there."""
        return f"{self.public_url}/t/{slug}/federated/{alias}/callback"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps."""

    url: str
    browser_secret: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a provider means, as far as it is believed."""

    subject: str
    name: str
    email: str | None
    """None unless the provider has verified it and may speak for it."""


async def begin(federation: FederationDesk, slug: str, alias: str, return_uri: str) -> Begun:
    """Begin a sign-in.

    Raises:
        TenantNotFound: there is no such tenant, or it is not open.
        NotFound: it has no such provider.
        BadUserInput: people are not to be sent to that address.
        OutboundRefused, ProviderRefused: the provider cannot be asked.
    """
    tenant, caller = await open_tenant(federation.desk, slug)
    async with federation.desk.sessions.read(caller) as session:
        provider = await _enabled(session, alias)
    if return_uri not in provider.return_uris:
        raise BadUserInput("`return_uri` is none of the provider's", field="return_uri")
    state, browser, nonce, verifier = (secrets.token_urlsafe(_SECRET_BYTES) for _ in range(4))
    proofs = Proofs(nonce, verifier)
    redirect_uri = federation.callback(tenant.slug, alias)
    url = await federation.client.authorization_url(provider.issuer, provider.client_id, redirect_uri, state, proofs)
    sign_in_id, said = uuid7(), msgspec.json.encode((nonce, verifier)).decode()
    async with unit_of_work(federation.desk.sessions, caller) as session:
        ring = await federation.desk.keys.of(session, sealing=True)
        begun = FederatedSignIn(
            id=sign_in_id,
            provider_id=provider.id,
            state_hash=_hash(state),
            browser_hash=_hash(browser),
            sealed_proofs=ring.seal(FederatedSignIn.sealed_proofs, sign_in_id, said),
            return_uri=return_uri,
            expires_at=datetime.now(UTC) + AT_PROVIDER,
        )
        await FederatedSignInStore(session).begin(begun)
    return Begun(url, browser)


async def finish(
    federation: FederationDesk, slug: str, alias: str, answer: Mapping[str, str], browser_secret: str
) -> str:
    """Take the provider's answer; returns where the browser goes on, with a code for the client in the fragment.

    Raises:
        TenantNotFound, NotFound: as above.
        SignInNotBegun: the answer is to no question that this browser asked.
    """
    tenant, caller = await open_tenant(federation.desk, slug)
    async with unit_of_work(federation.desk.sessions, caller) as session:
        provider = await _enabled(session, alias)
        state = answer.get("state", "")
        begun = await FederatedSignInStore(session).take(provider.id, _hash(state), datetime.now(UTC))
        if begun is None or not hmac.compare_digest(begun.browser_hash, _hash(browser_secret)):
            raise SignInNotBegun
        ring = await federation.desk.keys.of(session)
    try:
        person = await _who(federation, tenant, provider, ring, begun, answer)
        code = await _admit(federation, caller, provider, begun, person)
    except Refusal as refusal:
        return f"{begun.return_uri}#error={refusal.code}"
    return f"{begun.return_uri}#code={code}"


async def sign_in(federation: FederationDesk, slug: str, code: str, attempt: Attempt) -> SignedIn | MfaRequired:
    """Let in whoever came back with that code, or ask for the second factor they have here.

    Raises:
        TenantNotFound: there is no such tenant, or it is not open.
        SignInNotBegun: no sign-in has the code, or one that was completed already.
        AccountNotReady: the account is being opened; the code goes on working.
    """
    tenant, caller = await open_tenant(federation.desk, slug)
    async with unit_of_work(federation.desk.sessions, caller) as session:

        async def complete() -> Entry:
            account = await _completed(session, code)
            return Entry(account, Authentication.of(federation.desk.clock(), [FEDERATED]))

        return await admit_once(federation.desk, tenant, session, complete, attempt)


async def link(session: TenantSession, provider_id: UUID, subject: str, user_id: UUID) -> None:
    """Note whom a provider means, if the tenant still trusts it. Safe to repeat."""
    if await IdentityProviderStore(session).get(provider_id) is not None:
        await FederatedIdentityStore(session).link(provider_id, subject, user_id)


async def _completed(session: TenantSession, code: str) -> Account:
    done = await FederatedSignInStore(session).complete(_hash(code), datetime.now(UTC))
    if done is None:
        raise SignInNotBegun
    account = await FederatedIdentityStore(session).account_of(*done)
    if account is None:
        raise AccountNotReady
    return account


async def _who(
    federation: FederationDesk,
    tenant: TenantRecord,
    provider: IdentityProvider,
    ring: KeyRing,
    begun: FederatedSignIn,
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
    proofs = ring.open(FederatedSignIn.sealed_proofs, begun.id, begun.sealed_proofs)
    nonce, verifier = msgspec.json.decode(proofs, type=tuple[str, str])
    claims = await federation.client.claims(
        provider.issuer,
        ClientCredentials(provider.client_id, secret),
        code,
        federation.callback(tenant.slug, provider.alias),
        Proofs(nonce, verifier),
    )
    return person_of(claims, provider.email_domains)


def person_of(claims: Mapping[str, Any], email_domains: list[str]) -> Person:
    """What of a provider's claims is believed."""
    email, name = claims.get("email"), claims.get("name")
    believed = None
    if isinstance(email, str) and claims.get("email_verified") is True:
        try:
            address = checks.email_address(email)
        except BadUserInput:
            address = ""
        believed = address if address.partition("@")[2] in email_domains else None
    try:
        called = checks.text(name, field="name") if isinstance(name, str) else ""
    except BadUserInput:
        called = ""
    return Person(claims["sub"], called or (believed or "").partition("@")[0], believed)


async def _admit(
    federation: FederationDesk, caller: Caller, provider: IdentityProvider, begun: FederatedSignIn, person: Person
) -> str:
    """A code for who it is.

    Raises:
        NoAccount: nobody here, and no account is opened for them.
    """
    code = secrets.token_urlsafe(_SECRET_BYTES)
    async with unit_of_work(federation.desk.sessions, caller) as session:
        identities = FederatedIdentityStore(session)
        if await identities.account_of(provider.id, person.subject) is None:
            known = await AccountStore(session).by_email(person.email) if person.email else None
            if known is not None:
                await identities.link(provider.id, person.subject, known.user_id)
            elif provider.opens_accounts and person.email:
                record(session, _arrived(caller, provider, person, person.email))
            else:
                raise NoAccount
        await FederatedSignInStore(session).answer(
            begun.id, subject=person.subject, code_hash=_hash(code), expires_at=datetime.now(UTC) + TO_COMPLETE
        )
    return code


def _arrived(caller: Caller, provider: IdentityProvider, person: Person, email: str) -> PersonArrived:
    return PersonArrived(
        tenant_id=caller.tenant_id,
        provider_id=provider.id,
        subject=person.subject,
        email=email,
        display_name=person.name,
    )


async def _enabled(session: TenantSession, alias: str) -> IdentityProvider:
    provider = await IdentityProviderStore(session).by_alias(alias)
    if provider is None or not provider.enabled:
        raise NotFound
    return provider


def _hash(secret: str) -> bytes:
    """Of a secret of chance, which needs no salt; text that no header can hold is hashed as well."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
