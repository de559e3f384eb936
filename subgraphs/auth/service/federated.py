"""Signing in through an identity provider that the tenant trusts.

The browser begins, is sent to the provider and comes back; the client completes it with a code that works once. Who a
provider means is known by its own subject. An e-mail address links it to an account only if the provider has verified
the address and the tenant lets it speak for the address's domain: nobody takes over an account by claiming an address.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from shared.roles import Role
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.events import PersonArrived
from subgraphs.auth.models import Account
from subgraphs.auth.models.identity_providers import FederatedSignIn, IdentityProvider, IdentityProviderKind
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.claiming import claim
from subgraphs.auth.service.mfa import Entry, MfaRequired, admit_once
from subgraphs.auth.service.oidc_client import ClientCredentials, OidcClient, Proofs, ProviderRefused, s256
from subgraphs.auth.service.refusals import keep_refused_answer
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
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class SignInNotBegun(BadUserInput):
    """What comes back belongs to no sign-in that this browser has begun, or to one that was answered already."""

    code = "SIGN_IN_NOT_BEGUN"
    default_message = "This sign-in was not begun here, or has ended; begin again"


class NoAccount(Refusal):
    code = "NO_ACCOUNT"
    default_message = "There is no account for you here; ask for an invitation"


class AddressReused(NoAccount):
    """Providers give the address of who has left to somebody new. Source: OpenID Connect Core 1.0, section 5.7."""

    code = "ADDRESS_REUSED"
    default_message = "Your address belongs to an account that the identity provider has named otherwise before"


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
class Asked:
    """What a provider is asked with, until it answers."""

    state: str = field(repr=False)
    """Comes back with the answer."""
    browser_secret: str = field(repr=False)
    """Which the browser keeps."""
    proofs: str = field(repr=False)
    """What the answer has to fit."""
    way_back: "WayBack"


@dataclass(frozen=True, slots=True)
class WayBack:
    """How whoever has signed in comes back to the client.

    Attributes:
        return_uri: one of the provider's.
        code_challenge: of the verifier that completes the sign-in, by S256; None if the client keeps none. With it,
            nobody can complete a sign-in in a browser that has not begun it. Source: RFC 7636, section 4.2.
    """

    return_uri: str
    code_challenge: str | None = None

    def check(self, provider: IdentityProvider) -> None:
        """Refuse to send people anywhere that the tenant has not named, and what is no challenge."""
        if self.return_uri not in provider.return_uris:
            raise BadUserInput("`return_uri` is none of the provider's", field="return_uri")
        if self.code_challenge is not None and not _CHALLENGE.fullmatch(self.code_challenge):
            raise BadUserInput("`code_challenge` is none by S256", field="code_challenge")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a provider means, as far as it is believed."""

    subject: str
    name: str
    email: str | None
    """None unless the provider has verified it and may speak for it."""
    role: Role = Role.LEARNER
    """Of newcomers whom nobody has invited."""


async def begin(federation: FederationDesk, slug: str, alias: str, way_back: WayBack) -> Begun:
    """Begin a sign-in.

    Raises:
        TenantNotFound: there is no such tenant, or it is not open.
        NotFound: it has no such provider.
        BadUserInput: people are not to be sent to that address, or the challenge is none.
        OutboundRefused, ProviderRefused: the provider cannot be asked.
    """
    tenant, caller = await open_tenant(federation.desk, slug)
    async with federation.desk.sessions.read(caller) as session:
        provider = await enabled(session, alias, IdentityProviderKind.OIDC)
    way_back.check(provider)
    state, browser, nonce, verifier = (new_secret() for _ in range(4))
    proofs = Proofs(nonce, verifier)
    redirect_uri = federation.callback(tenant.slug, alias)
    url = await federation.client.authorization_url(provider.issuer, provider.client_id, redirect_uri, state, proofs)
    proved = msgspec.json.encode((nonce, verifier)).decode()
    async with unit_of_work(federation.desk.sessions, caller) as session:
        await keep_begun(session, federation.desk, provider, Asked(state, browser, proved, way_back))
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
        provider = await enabled(session, alias, IdentityProviderKind.OIDC)
        begun = await take_begun(session, provider, answer.get("state", ""), browser_secret)
        ring = await federation.desk.keys.of(session)
    try:
        person = await _who(federation, tenant, provider, ring, begun, answer)
        async with unit_of_work(federation.desk.sessions, caller) as session:
            code = await admit_person(session, provider, begun.id, person)
    except Refusal as refusal:
        return await refused(federation.desk, caller, provider, begun.return_uri, refusal)
    return f"{begun.return_uri}#code={code}"


async def refused(
    desk: SignInDesk, caller: Caller, provider: IdentityProvider, return_uri: str, refusal: Refusal
) -> str:
    """Where the browser goes on that brought an answer in vain, of which the audit tells."""
    action = "federatedSignInWithoutAccount" if isinstance(refusal, NoAccount) else "federatedSignInRefused"
    await keep_refused_answer(desk, caller, provider.id, action, refusal.code)
    return f"{return_uri}#error={refusal.code}"


async def sign_in(
    federation: FederationDesk, slug: str, code: str, verifier: str | None, attempt: Attempt
) -> SignedIn | MfaRequired:
    """Let in whoever came back with that code, or ask for the second factor they have here.

    Args:
        federation: where they stand.
        slug: the tenant's.
        code: that they came back with.
        verifier: of the challenge that the sign-in was begun with; None if it was begun with none.
        attempt: is made once.

    Raises:
        TenantNotFound: there is no such tenant, or it is not open.
        SignInNotBegun: no sign-in has the code, or one that was completed already, or another client has begun it.
        AccountNotReady: the account is being opened; the code goes on working.
    """
    tenant, caller = await open_tenant(federation.desk, slug)
    async with unit_of_work(federation.desk.sessions, caller) as session:

        async def complete() -> Entry:
            account = await _completed(session, code, verifier)
            return Entry(account, Authentication.of(federation.desk.clock(), [FEDERATED]))

        return await admit_once(federation.desk, tenant, session, complete, attempt)


async def link(session: TenantSession, provider_id: UUID, subject: str, user_id: UUID) -> None:
    """Note whom a provider means, if the tenant still trusts it and it means them by no other name. Safe to repeat."""
    identities = FederatedIdentityStore(session)
    trusted = await IdentityProviderStore(session).get(provider_id) is not None
    if trusted and not await identities.has(provider_id, user_id):
        await identities.link(provider_id, subject, user_id)


async def _completed(session: TenantSession, code: str, verifier: str | None) -> Account:
    done = await FederatedSignInStore(session).complete(hash_secret(code), datetime.now(UTC))
    if done is None or done.subject is None or not _fits(done.code_challenge, verifier):
        raise SignInNotBegun
    account = await FederatedIdentityStore(session).account_of(done.provider_id, done.subject)
    if account is None:
        raise AccountNotReady
    return account


def _fits(challenge: str | None, verifier: str | None) -> bool:
    """Whether both are there and belong together, or neither is: a sign-in that somebody else began has no challenge.

    Source: RFC 7636, section 4.6; RFC 9700, section 4.8.
    """
    if challenge is None or verifier is None:
        return challenge is verifier
    return hmac.compare_digest(s256(verifier).encode(), challenge.encode())


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
    email = claims.get("email") if claims.get("email_verified") is True else None
    believed = believable_address(email, email_domains)
    return Person(claims["sub"], believable_name(claims.get("name"), believed), believed)


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


async def admit_person(session: TenantSession, provider: IdentityProvider, sign_in_id: UUID, person: Person) -> str:
    """A code for whom the provider means in a sign-in; it completes it once.

    Raises:
        NoAccount: nobody here, and no account is opened for them.
        AddressReused: their address is of somebody whom the provider calls otherwise.
    """
    code, identities = new_secret(), FederatedIdentityStore(session)
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
    await FederatedSignInStore(session).answer(
        sign_in_id, subject=person.subject, code_hash=hash_secret(code), expires_at=datetime.now(UTC) + TO_COMPLETE
    )
    return code


async def keep_begun(session: TenantSession, desk: SignInDesk, provider: IdentityProvider, asked: Asked) -> UUID:
    """Remember a sign-in until its answer comes; of what the browser carries, only hashes. Gives its id."""
    ring, sign_in_id = await desk.keys.of(session, sealing=True), uuid7()
    begun = FederatedSignIn(
        id=sign_in_id,
        provider_id=provider.id,
        state_hash=hash_secret(asked.state),
        browser_hash=hash_secret(asked.browser_secret),
        sealed_proofs=ring.seal(FederatedSignIn.sealed_proofs, sign_in_id, asked.proofs),
        return_uri=asked.way_back.return_uri,
        code_challenge=asked.way_back.code_challenge,
        expires_at=datetime.now(UTC) + AT_PROVIDER,
    )
    await FederatedSignInStore(session).begin(begun)
    return sign_in_id


async def take_begun(
    session: TenantSession, provider: IdentityProvider, state: str, browser_secret: str
) -> FederatedSignIn:
    """The sign-in that an answer belongs to, which nobody else answers from now on.

    Raises:
        SignInNotBegun: there is none, or another browser has begun it.
    """
    begun = await FederatedSignInStore(session).take(provider.id, hash_secret(state), datetime.now(UTC))
    if begun is None or not hmac.compare_digest(begun.browser_hash, hash_secret(browser_secret)):
        raise SignInNotBegun
    return begun


def _arrived(caller: Caller, provider: IdentityProvider, person: Person, email: str) -> PersonArrived:
    return PersonArrived(
        tenant_id=caller.tenant_id,
        provider_id=provider.id,
        subject=person.subject,
        email=email,
        display_name=person.name,
        role=person.role,
    )


async def enabled(session: TenantSession, alias: str, kind: IdentityProviderKind) -> IdentityProvider:
    """The provider of that name, which people can sign in through now.

    Raises:
        NotFound: there is none, or it is spoken with otherwise.
    """
    provider = await IdentityProviderStore(session).by_alias(alias)
    if provider is None or not provider.enabled or provider.kind != kind:
        raise NotFound
    return provider


def new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_secret(secret: str) -> bytes:
    """Of a secret of chance, which needs no salt; text that no header can hold is hashed as well."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
