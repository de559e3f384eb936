"""Access tokens that are accepted, and what they say of their callers.

Whatever a token says of how it wants to be verified is compared with what is configured, never followed.
Source: RFC 8725 and RFC 9068.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jws import JWSRegistry

from router.serve.access.identity import Identity
from router.serve.access.jwks import FAMILIES, Key
from router.serve.access.keys import KeySource
from router.serve.access.refusals import Reason
from router.serve.cache import LruCache

ASYMMETRIC: Final = tuple(name for name, family in FAMILIES.items() if family != "oct")

_FOLLOWED: Final = frozenset({"crit", "jwk", "jku", "x5c", "x5u", "b64", "zip", "enc"})
"""Header parameters that would have us do something: a token with any of them is refused."""

_NONE: Final = frozenset[str]()


class InvalidToken(Exception):
    """A token is refused. There is one message for every reason: whoever forges tokens learns nothing.

    Attributes:
        reason: for operators.
    """

    message = "The access token is not valid."
    code = "INVALID_TOKEN"

    def __init__(self, reason: Reason = Reason.CLAIMS) -> None:
        super().__init__(reason.value)
        self.reason = reason


class ExpiredToken(InvalidToken):
    """The token was valid."""

    message = "The access token has expired."
    code = "TOKEN_EXPIRED"

    def __init__(self) -> None:
        super().__init__(Reason.EXPIRED)


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Who signs access tokens, and which of them are meant for us.

    Attributes:
        issuer: its `iss`, compared character by character.
        jwks: URL or file of its key set; it is read again now and then.
        audiences: `aud` must have one of them.
        algorithms: that its tokens may be signed with. Symmetric ones must be named here.
        types: accepted values of `typ`, without `application/`; an empty one accepts tokens without. Many issuers type
            their access tokens `JWT`, and their identity tokens as well: then audiences alone tell them apart.
        leeway_seconds: how far clocks may differ.
        scope_claims: the first of them that is there has the scopes, as a list or separated by spaces.
        tenant_claim: has the tenant; None if there are none.
        client_claims: the first of them that is there names the client.
    """

    issuer: str
    jwks: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...] = ASYMMETRIC
    types: tuple[str, ...] = ("at+jwt",)
    leeway_seconds: float = 30.0
    scope_claims: tuple[str, ...] = ("scope", "scp")
    tenant_claim: str | None = None
    client_claims: tuple[str, ...] = ("client_id", "azp")

    def __post_init__(self) -> None:
        """Refuse what would accept anybody's tokens.

        Raises:
            ValueError: there is no issuer, audience or algorithm, or an algorithm is not supported.
        """
        if not self.issuer or not self.audiences or not self.algorithms:
            raise ValueError("An issuer of tokens needs a name, an audience and an algorithm.")
        unknown = sorted(set(self.algorithms) - FAMILIES.keys())
        if unknown:
            raise ValueError(f"Tokens cannot be signed with {', '.join(unknown)}; there are {', '.join(FAMILIES)}.")


class TokenVerifier:
    """Turns tokens into identities. Verified ones are remembered by digest, a bounded number of them."""

    def __init__(
        self,
        issuers: Iterable[tuple[TrustedIssuer, KeySource]],
        *,
        token_bytes: int = 8192,
        remembered: int = 4096,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Args: each issuer comes with its keys, and no other keys ever verify its tokens."""
        self._issuers = {issuer.issuer: (issuer, keys) for issuer, keys in issuers}
        self._token_bytes = token_bytes
        self._clock = clock
        self._verified: LruCache[bytes, _Verified] = LruCache(remembered, remembered)

    async def identity(self, token: str) -> Identity:
        """Whom a token was issued to.

        Raises:
            InvalidToken: it is forged, malformed, expired or meant for something else.
            KeysUnavailable: there are no keys to verify it with.
        """
        if len(token) > self._token_bytes:
            raise InvalidToken(Reason.TOO_LARGE)
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is not None and known.keys.holds(known.key):
            if known.until <= self._clock():
                raise ExpiredToken
            return known.identity
        try:
            verified = await self._verify(token)
        except BadSignatureError as error:
            raise InvalidToken(Reason.SIGNATURE) from error
        except KeyError as error:
            raise InvalidToken(Reason.CLAIMS) from error
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise InvalidToken(Reason.MALFORMED) from error
        self._verified.put(digest, verified, 1)
        return verified.identity

    async def _verify(self, token: str) -> "_Verified":
        value = token.encode("ascii")
        read = jws.extract_compact(value, registry=_Pinned())
        header: Mapping[str, Any] = read.headers()
        claims = _object(read.payload)
        issuer, keys = self._issuer(claims)  # not verified yet: it says whose keys must verify it
        algorithm = _algorithm(header, issuer)
        key = await keys.find(header.get("kid"), algorithm)
        if key is None:
            raise InvalidToken(Reason.KEY)
        jws.deserialize_compact(value, key.material, registry=_Pinned(algorithms=[algorithm]))
        until = self._check(claims, issuer)
        return _Verified(_identity(claims, issuer, until), until, key, keys)

    def _issuer(self, claims: Mapping[str, Any]) -> tuple[TrustedIssuer, KeySource]:
        known = self._issuers.get(_text(claims["iss"]))
        if known is None:
            raise InvalidToken(Reason.ISSUER)
        return known

    def _check(self, claims: Mapping[str, Any], issuer: TrustedIssuer) -> float:
        """When the token stops being accepted."""
        audience = claims["aud"]
        if set(issuer.audiences).isdisjoint([audience] if isinstance(audience, str) else _strings(audience)):
            raise InvalidToken(Reason.AUDIENCE)
        now = self._clock()
        if any(_moment(claims[name]) > now + issuer.leeway_seconds for name in ("nbf", "iat") if name in claims):
            raise InvalidToken(Reason.NOT_YET)
        until = _moment(claims["exp"]) + issuer.leeway_seconds
        if until <= now:
            raise ExpiredToken
        return until


@dataclass(frozen=True, slots=True)
class _Verified:
    identity: Identity
    until: float
    key: Key
    keys: KeySource


class _Pinned(JWSRegistry):
    """Knows the given algorithms alone. Private header parameters are nothing to us."""

    def __init__(self, algorithms: Sequence[str] = ()) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise InvalidToken(Reason.ALGORITHM)
        return self.algorithms[name]


def _algorithm(header: Mapping[str, Any], issuer: TrustedIssuer) -> str:
    """The algorithm of a token whose header is in order."""
    given = header.get("typ", "")
    type_ = given.lower().removeprefix("application/")
    algorithm = header["alg"]
    if _FOLLOWED & header.keys():
        raise InvalidToken(Reason.HEADER)
    if algorithm not in issuer.algorithms:
        raise InvalidToken(Reason.ALGORITHM)
    if type_ not in map(str.lower, issuer.types):
        raise InvalidToken(Reason.TYPE)
    return algorithm


def _identity(claims: Mapping[str, Any], issuer: TrustedIssuer, until: float) -> Identity:
    return Identity(
        subject=_text(claims["sub"]),
        tenant=None if issuer.tenant_claim is None else _text(claims[issuer.tenant_claim]),
        client=next((_text(claims[name]) for name in issuer.client_claims if name in claims), None),
        scopes=next((_scopes(claims[name]) for name in issuer.scope_claims if name in claims), _NONE),
        claims=claims,
        expires=until,
    )


def _object(payload: bytes | None) -> Mapping[str, Any]:
    claims = orjson.loads(payload or b"")
    if not isinstance(claims, dict):
        raise InvalidToken(Reason.MALFORMED)
    return claims  # pyright: ignore[reportUnknownVariableType]  # keys of JSON objects are strings


def _moment(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidToken
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidToken
    return value


def _scopes(value: Any) -> frozenset[str]:
    return frozenset(value.split() if isinstance(value, str) else _strings(value))


def _strings(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):  # pyright: ignore[reportUnknownVariableType]  # JSON
        raise InvalidToken
    return value  # pyright: ignore[reportUnknownVariableType]  # JSON
