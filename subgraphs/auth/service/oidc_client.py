"""Signing in at an OpenID provider of somebody else's: what is sent there, and what is believed of its answers."""

import asyncio
import base64
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote_plus
from weakref import WeakValueDictionary

from authlib.oauth2.rfc6749 import parameters
from authlib.oauth2.rfc7636 import challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from shared.errors import Refusal
from shared.outbound import Outbound, OutboundRefused

SCOPE: Final = "openid email profile"
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
"""With which a provider may sign; a secret that both know is none. Source: RFC 8725, section 3.1."""
LEEWAY_SECONDS: Final = 60
KEEP_SECONDS: Final = 3600.0
REFETCH_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 30.0
"""In which a provider that could not be asked is left alone: anybody can have it asked, by beginning to sign in."""
MAX_PROVIDERS: Final = 500
MAX_KEYS: Final = 50
_MAX_TOKEN: Final = 32_768
_KEY_KINDS: Final[dict[str, type[RSAKey | ECKey | OKPKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_PUBLIC: Final = ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y")
_RSA_LENGTHS: Final = range(342, 1_367)
"""Of a modulus of 2048 to 8192 bits in Base64."""

_T = TypeVar("_T")

_grant_uri = cast("Callable[..., str]", parameters.prepare_grant_uri)  # Authlib has no types
s256 = cast("Callable[[str], str]", challenge.create_s256_code_challenge)  # pyright: ignore[reportUnknownMemberType] - nor here


class ProviderRefused(Refusal):
    """The provider, or who says to be it, did not say who somebody is."""

    code = "IDENTITY_PROVIDER_REFUSED"
    default_message = "The identity provider did not confirm who you are"


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """What a provider publishes of itself. Source: OpenID Connect Discovery 1.0, section 3."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    basic_authentication: bool
    """Whether the client's secret goes into a header, else into the form."""
    names_issuer: bool
    """Whether every answer carries `iss`. Source: RFC 9207."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Ours at the provider."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proofs:
    """What binds an answer to the question."""

    nonce: str
    verifier: str = field(repr=False)


@dataclass(slots=True)
class _Known:
    metadata: ProviderMetadata
    since: float
    keys: KeySet | None = None
    keys_since: float = float("-inf")


@dataclass(frozen=True, slots=True)
class _Failed:
    error: OutboundRefused | ProviderRefused
    since: float


class OidcClient:
    """Asks providers; what they publish is kept for an hour, for so many of them, that they do not for a moment."""

    def __init__(self, outbound: Outbound, *, clock: Callable[[], float] = time.time) -> None:
        self._outbound = outbound
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._failed: OrderedDict[str, _Failed] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def metadata(self, issuer: str, *, anew: bool = False) -> ProviderMetadata:
        """What the issuer publishes; `anew` asks although it could not be asked a moment ago.

        Raises:
            OutboundRefused: it does not answer, or may not be asked.
            ProviderRefused: what it publishes is not its own, or not enough.
        """
        if anew:
            self._failed.pop(issuer, None)
        return (await self._of(issuer)).metadata

    async def authorization_url(
        self, issuer: str, client_id: str, redirect_uri: str, state: str, proofs: Proofs, *, again: bool = False
    ) -> str:
        """Where the browser is sent; `again` wants the person to prove anew who they are.

        Source: OpenID Connect Core 1.0, section 3.1.2.1; RFC 7636.
        """
        metadata = await self.metadata(issuer)
        return _grant_uri(
            metadata.authorization_endpoint,
            client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=SCOPE,
            state=state,
            nonce=proofs.nonce,
            code_challenge=s256(proofs.verifier),
            code_challenge_method="S256",
            **({"prompt": "login", "max_age": "0"} if again else {}),
        )

    async def claims(
        self, issuer: str, client: ClientCredentials, code: str, redirect_uri: str, proofs: Proofs
    ) -> Mapping[str, Any]:
        """What the provider says of whoever got that code from it.

        Raises:
            OutboundRefused: it does not answer.
            ProviderRefused: it says nothing that can be believed.
        """
        metadata = await self.metadata(issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": proofs.verifier,
            "client_id": client.client_id,
        }
        headers: dict[str, str] = {}
        if metadata.basic_authentication:
            headers["Authorization"] = _basic(client)
        else:
            form["client_secret"] = client.client_secret
        tokens = await self._outbound.post_form(metadata.token_endpoint, form, headers)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or len(id_token) > _MAX_TOKEN:
            raise ProviderRefused
        return await self._believed(metadata, client, id_token, access_token, proofs)

    async def _believed(
        self, metadata: ProviderMetadata, client: ClientCredentials, id_token: str, access_token: object, proofs: Proofs
    ) -> Mapping[str, Any]:
        """The claims of an ID token. Source: OpenID Connect Core 1.0, section 3.1.3.7."""
        try:
            token = await self._verified(metadata.issuer, id_token)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": metadata.issuer},
                    "aud": {"essential": True, "value": client.client_id},
                    "sub": {"essential": True},
                },
                {"nonce": proofs.nonce, "client_id": client.client_id, "access_token": access_token},
            )
            cast("Any", claims).validate(now=int(self._clock()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderRefused from error
        if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:  # noqa: PLR2004  # Core, section 2
            raise ProviderRefused
        return claims

    async def _verified(self, issuer: str, id_token: str) -> jwt.Token:
        """The token, by the keys at hand or, if they do not know it, by those that are published now."""
        known = await self._of(issuer)
        if known.keys is not None and self._clock() - known.keys_since < KEEP_SECONDS:
            try:
                return jwt.decode(id_token, known.keys, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):
                if self._clock() - known.keys_since < REFETCH_SECONDS:
                    raise
        published = await self._outbound.get_json(known.metadata.jwks_uri)
        known.keys, known.keys_since = _signing_keys(published), self._clock()
        return jwt.decode(id_token, known.keys, algorithms=list(ALGORITHMS))

    async def _of(self, issuer: str) -> _Known:
        async with self._asking.setdefault(issuer, asyncio.Lock()):
            known, failed = self._known.get(issuer), self._failed.get(issuer)
            if known is not None and self._clock() - known.since <= KEEP_SECONDS:
                return known
            if failed is not None and self._clock() - failed.since <= RETRY_SECONDS:
                raise failed.error.with_traceback(None)
            try:
                return _kept(self._known, issuer, await self._ask(issuer))
            except (OutboundRefused, ProviderRefused) as error:
                _kept(self._failed, issuer, _Failed(error, self._clock()))
                raise

    async def _ask(self, issuer: str) -> _Known:
        published = await self._outbound.get_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
        return _Known(self._read(issuer, published), self._clock())

    def _read(self, issuer: str, published: Mapping[str, Any]) -> ProviderMetadata:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        authorize, token, keys = (published.get(name) for name in names)
        if published.get("issuer") != issuer:
            raise ProviderRefused("The provider's metadata names another issuer", path=("input", "issuer"))
        if not (isinstance(authorize, str) and isinstance(token, str) and isinstance(keys, str)):
            raise ProviderRefused("The provider's metadata is not whole", path=("input", "issuer"))
        for endpoint in (authorize, token, keys):
            self._outbound.check(endpoint)
        methods = published.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        named = published.get("authorization_response_iss_parameter_supported") is True
        return ProviderMetadata(issuer, authorize, token, keys, "client_secret_basic" in methods, named)


def _kept(by_issuer: OrderedDict[str, _T], issuer: str, value: _T) -> _T:
    """The value, which is known from now on; who has been known for longest is not where there are too many."""
    by_issuer[issuer] = value
    if len(by_issuer) > MAX_PROVIDERS:
        by_issuer.popitem(last=False)
    return value


def _signing_keys(published: Mapping[str, Any]) -> KeySet:
    """What a provider signs with: of its keys the public members alone, of as many as a provider has.

    Private ones would be proven to be some, which takes a tenth of a second each, and everybody else waits. Keys of
    kinds that are not known here are left out. Source: RFC 7517, section 5.
    """
    keys = published.get("keys")
    if not isinstance(keys, list) or len(cast("list[Any]", keys)) > MAX_KEYS:
        raise ProviderRefused
    found = [_signing_key(cast("dict[str, Any]", each)) for each in cast("list[Any]", keys) if isinstance(each, dict)]
    return KeySet([each for each in found if each is not None])


def _signing_key(jwk: Mapping[str, Any]) -> Key | None:
    """The public key, if it may sign and is neither weak nor made to take long."""
    kind = _KEY_KINDS.get(str(jwk.get("kty")))
    if kind is None or jwk.get("use", "sig") != "sig":
        return None
    if kind is RSAKey and len(str(jwk.get("n"))) not in _RSA_LENGTHS:
        return None
    try:
        return kind.import_key({name: jwk[name] for name in _PUBLIC if name in jwk})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _basic(client: ClientCredentials) -> str:
    """Source: RFC 6749, section 2.3.1."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
