"""Sign-ins through others that have begun.

They are kept until the provider's answer comes, and then until the client completes them. Of what a browser carries,
only hashes are kept.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.authentication import FEDERATED, LONG_AGO, Authentication
from shared.database import TenantSession
from shared.errors import BadUserInput, Refusal
from shared.ids import uuid7
from shared.tenancy.policies import WayIn
from shared.tenancy.profile import QuotaExceeded
from shared.tokens import tenant_issuer
from subgraphs.auth.errors import AccountDeactivated, TooManyAttempts
from subgraphs.auth.models import Account
from subgraphs.auth.models.identity_providers import FederatedSignIn, IdentityProvider, IdentityProviderKind
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.oidc_client import s256
from subgraphs.auth.store.identity_providers import (
    FederatedIdentityStore,
    FederatedSignInStore,
    IdentityProviderStore,
)

AT_PROVIDER: Final = timedelta(minutes=10)
"""That somebody may take to sign in at the provider."""
LONGEST_URI: Final = 8_000
MOST_BEGUN: Final = 10_000
"""That may be at one provider at a time: anybody can begin, and each is kept."""
TO_COMPLETE: Final = timedelta(minutes=2)
_SECRET_BYTES: Final = 32
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class SignInNotBegun(BadUserInput):
    """What comes back belongs to no sign-in that this browser has begun, or to one that was answered already."""

    code = "SIGN_IN_NOT_BEGUN"
    default_message = "This sign-in was not begun here, or has ended; begin again"


class AccountNotReady(Refusal):
    """The account is being opened; the same code works in a moment."""

    code = "ACCOUNT_NOT_READY"
    default_message = "Your account is being opened; try again in a moment"


_NOT_OPENED: Final[Mapping[str, type[Refusal]]] = {each.code: each for each in (QuotaExceeded, AccountDeactivated)}


@dataclass(frozen=True, slots=True)
class WayBack:
    """How whoever has signed in comes back to the client.

    Attributes:
        return_uri: one of the provider's.
        code_challenge: of the verifier that completes the sign-in, by S256; None if the client keeps none. With it,
            nobody can complete a sign-in in a browser that has not begun it. Source: RFC 7636, section 4.2.
        again: whether the provider is to have them prove anew who they are, and not to rely on what it knows.
    """

    return_uri: str
    code_challenge: str | None = None
    again: bool = False

    def check(self, provider: IdentityProvider, page: str) -> None:
        """Refuse to send people anywhere that the tenant has not named, and what is no challenge.

        Args:
            provider: that they are sent to.
            page: of the tenant's own, on which people sign in to go on to apps; there is no other client then.
        """
        if not (self.return_uri in provider.return_uris or self._goes_on_at(page)):
            raise BadUserInput("`return_uri` is none of the provider's", field="return_uri")
        if self.code_challenge is not None and not _CHALLENGE.fullmatch(self.code_challenge):
            raise BadUserInput("`code_challenge` is none by S256", field="code_challenge")

    def _goes_on_at(self, page: str) -> bool:
        uri = self.return_uri
        return is_at(page, uri) and len(uri) <= LONGEST_URI and uri.isascii() and uri.isprintable()


@dataclass(frozen=True, slots=True)
class Return:
    """Where a browser goes on, with a `code` that completes the sign-in once, or the `error` that there is none."""

    uri: str
    code: str = field(default="", repr=False)
    error: str = ""

    @property
    def url(self) -> str:
        """The same as one address; what stands behind the number sign, no server sees."""
        return f"{self.uri}#code={self.code}" if self.code else f"{self.uri}#error={self.error}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a provider is asked with, until it answers."""

    state: str = field(repr=False)
    """Comes back with the answer."""
    browser_secret: str = field(repr=False)
    """Which the browser keeps."""
    proofs: str = field(repr=False)
    """What the answer has to fit."""
    way_back: WayBack


async def keep_begun(session: TenantSession, desk: SignInDesk, provider: IdentityProvider, asked: Asked) -> UUID:
    """Remember a sign-in until its answer comes; of what the browser carries, only hashes. Gives its id.

    Raises:
        TooManyAttempts: too many have begun and not come back.
    """
    now = datetime.now(UTC)
    if await FederatedSignInStore(session).under_way(provider.id, MOST_BEGUN, now) >= MOST_BEGUN:
        raise TooManyAttempts(retryAfter=int(AT_PROVIDER.total_seconds()))
    ring, sign_in_id = await desk.keys.of(session, sealing=True), uuid7()
    begun = FederatedSignIn(
        id=sign_in_id,
        provider_id=provider.id,
        state_hash=hash_secret(asked.state),
        browser_hash=hash_secret(asked.browser_secret),
        sealed_proofs=ring.seal(FederatedSignIn.sealed_proofs, sign_in_id, asked.proofs),
        return_uri=asked.way_back.return_uri,
        code_challenge=asked.way_back.code_challenge,
        asked_again=asked.way_back.again,
        expires_at=now + AT_PROVIDER,
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


async def complete(session: TenantSession, code: str, verifier: str | None) -> tuple[Account, WayIn, Authentication]:
    """Whose sign-in the code completes, which way in that is, and what it proves; it completes none afterwards.

    Raises:
        SignInNotBegun: none, or one that another client has begun.
        AccountNotReady: the account is being opened; the code goes on working.
        QuotaExceeded, AccountDeactivated: none is opened.
    """
    done = await FederatedSignInStore(session).complete(hash_secret(code), datetime.now(UTC))
    if done is None or done.subject is None or not _fits(done.code_challenge, verifier):
        raise SignInNotBegun
    account = await FederatedIdentityStore(session).account_of(done.provider_id, done.subject)
    if account is None:
        raise _NOT_OPENED.get(done.refusal or "", AccountNotReady)
    provider = await IdentityProviderStore(session).get(done.provider_id)
    is_saml = provider is not None and provider.kind == IdentityProviderKind.SAML
    proof = Authentication.of(done.authenticated_at or LONG_AGO, done.amr or [FEDERATED])
    return account, WayIn.SAML if is_saml else WayIn.FEDERATED, proof


def sign_in_page(public_url: str, slug: str) -> str:
    """Where a tenant's people sign in to go on to apps."""
    return f"{tenant_issuer(public_url, slug)}/oauth/authorize"


def is_at(page: str, uri: str) -> bool:
    """Whether an address is that page's, with a request that somebody goes on with."""
    return uri.startswith(f"{page}?")


def _fits(challenge: str | None, verifier: str | None) -> bool:
    """Whether both are there and belong together, or neither is: a sign-in that somebody else began has no challenge.

    Source: RFC 7636, section 4.6; RFC 9700, section 4.8.
    """
    if challenge is None or verifier is None:
        return challenge is verifier
    return hmac.compare_digest(s256(verifier).encode(), challenge.encode())


def new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_secret(secret: str) -> bytes:
    """Of a secret of chance, which needs no salt; text that no header can hold is hashed as well."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
