"""Sign-ins through others: begun, answered and completed.

What has begun is kept, sealed, by the browser that has begun it, and nowhere else: anybody can begin, as often as they
like. What a provider has answered is kept until the client completes it, and is answered once.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from shared.authentication import FEDERATED, LONG_AGO, Authentication
from shared.caller import TenantId
from shared.crypto import SealBroken, Sealer
from shared.database import TenantSession
from shared.errors import BadUserInput, Refusal
from shared.tenancy.policies import WayIn
from shared.tenancy.profile import QuotaExceeded
from shared.tokens import tenant_issuer
from subgraphs.auth.errors import AccountDeactivated
from subgraphs.auth.models import Account
from subgraphs.auth.models.identity_providers import IdentityProvider, IdentityProviderKind
from subgraphs.auth.service.oidc_client import s256
from subgraphs.auth.store.identity_providers import (
    FederatedAnswer,
    FederatedIdentityStore,
    FederatedSignInStore,
    IdentityProviderStore,
)

AT_PROVIDER: Final = timedelta(minutes=10)
"""That somebody may take to sign in at the provider."""
DEVICE_PAGE: Final = "device"
LONGEST_URI: Final = 2_400
"""Of where people may be sent back to: it goes into a cookie, of which browsers keep 4,096 bytes."""
_LONGEST_COOKIE: Final = 3_800
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
    """What a provider is asked with."""

    state: str = field(repr=False)
    """Comes back with the answer."""
    proofs: str = field(repr=False)
    """What the answer has to fit."""
    way_back: WayBack
    issuer: str
    """A hash of who the provider was then: another one may be trusted in its place by now."""
    at: datetime

    @classmethod
    def now(cls, provider: IdentityProvider, proofs: str, way_back: WayBack, at: datetime) -> "Asked":
        return cls(new_secret(), proofs, way_back, s256(provider.issuer), at)


@dataclass(frozen=True, slots=True)
class BegunSeal:
    """Seals what has begun, for the browser to keep, and opens it again."""

    sealer: Sealer

    def seal(self, tenant_id: TenantId, provider: IdentityProvider, asked: Asked) -> str:
        """What the browser keeps.

        Raises:
            BadUserInput: browsers do not keep that much.
        """
        context = _context(tenant_id, provider)
        kept = self.sealer.seal(msgspec.json.encode(asked).decode(), context=context).rstrip("=")
        if len(kept) > _LONGEST_COOKIE:
            raise BadUserInput(f"`return_uri` must have at most {LONGEST_URI} characters", field="return_uri")
        return kept

    def open(self, tenant_id: TenantId, provider: IdentityProvider, kept: str, state: str, now: datetime) -> Asked:
        """What an answer belongs to.

        Args:
            tenant_id: whose sign-in it is.
            provider: that answers.
            kept: by the browser that brings the answer.
            state: that came with it.
            now: the time.

        Raises:
            SignInNotBegun: this browser has asked no such thing, or long ago, or another provider.
        """
        try:
            plain = self.sealer.open(kept + "=" * (-len(kept) % 4), context=_context(tenant_id, provider))
            asked = msgspec.json.decode(plain, type=Asked)
        except (SealBroken, msgspec.MsgspecError) as error:
            raise SignInNotBegun from error
        is_meant = hmac.compare_digest(hash_secret(asked.state), hash_secret(state))
        if not is_meant or asked.issuer != s256(provider.issuer) or asked.at + AT_PROVIDER <= now:
            raise SignInNotBegun
        return asked


async def refuse_answered(session: TenantSession, asked: Asked) -> None:
    """Refuse to look at another answer; two that come at once are told apart when they are kept.

    Raises:
        SignInNotBegun: there is one already.
    """
    if await FederatedSignInStore(session).is_answered(hash_secret(asked.state)):
        raise SignInNotBegun


async def keep_answer(
    session: TenantSession, provider: IdentityProvider, asked: Asked, answer: FederatedAnswer, now: datetime
) -> str:
    """Keep what a provider has answered; gives the code that completes the sign-in once.

    Raises:
        SignInNotBegun: it has answered before.
    """
    store, code = FederatedSignInStore(session), new_secret()
    values = {
        "provider_id": provider.id,
        "state_hash": hash_secret(asked.state),
        "return_uri": asked.way_back.return_uri,
        "code_challenge": asked.way_back.code_challenge,
        "asked_again": asked.way_back.again,
        "answered_at": now,
        "expires_at": now + TO_COMPLETE,
        "code_hash": hash_secret(code),
    }
    if not await store.answer(values, answer):
        raise SignInNotBegun
    return code


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


def _context(tenant_id: TenantId, provider: IdentityProvider) -> str:
    return f"{tenant_id}/{provider.id}"


def sign_in_page(public_url: str, slug: str) -> str:
    """Where a tenant's people sign in to go on to apps."""
    return f"{tenant_issuer(public_url, slug)}/oauth/authorize"


def is_at(page: str, uri: str) -> bool:
    """Whether an address is that page's, with a request that somebody goes on with, or the one below it for devices."""
    below = f"{page}/{DEVICE_PAGE}"
    return uri == below or uri.startswith((f"{page}?", f"{below}?"))


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
