"""Access tokens: signed by the auth subgraph, verified by everyone else.

One algorithm (ES256), one type (``at+jwt``), one audience, and as issuers the platform itself and each tenant's
authorization server, which sign with the same keys: whatever a token says about how it wants to be
verified is compared with these, never followed. Source: RFC 9068 and RFC 8725.
"""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import SecretStr

from shared.authentication import Authentication
from shared.bearer import bearer_token
from shared.caller import Caller, TenantId, UserId
from shared.errors import Unauthenticated
from shared.jwks import KeySource
from shared.signing_keys import ALGORITHM, KeyRing, generate_signing_key

__all__ = [
    "ALGORITHM",
    "AUDIENCE",
    "ISSUER",
    "LEEWAY_SECONDS",
    "LIFETIME_SECONDS",
    "IssuedToken",
    "TokenExpired",
    "TokenInvalid",
    "TokenIssuer",
    "TokenVerifier",
    "caller_of",
    "generate_signing_key",
    "signed_claims",
    "tenant_issuer",
]

ISSUER: Final = "studium"
AUDIENCE: Final = "studium"
TYPE: Final = "at+jwt"
LIFETIME_SECONDS: Final = 1800
"""Of access tokens: sessions are refreshed before then."""
LEEWAY_SECONDS: Final = 30
MAX_LENGTH: Final = 8192
_SLUG: Final = r"[a-z0-9-]{1,63}"
_HEADERS: Final = frozenset({"alg", "kid", "typ"})


class TokenExpired(Unauthenticated):
    default_message = "The access token has expired; sign in again"


class TokenInvalid(Unauthenticated):
    """One message for every kind of invalid: whoever forges tokens learns nothing from us."""

    default_message = "The access token is not valid"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    access_token: str
    expires_at: datetime


class TokenIssuer:
    """Signs tokens. Only the auth subgraph has one."""

    def __init__(self, signing_key: SecretStr, *, clock: Callable[[], float] = time.time) -> None:
        """Read the ring of signing keys; see `shared.signing_keys`.

        Raises:
            ValueError: it is none.
        """
        self.ring = KeyRing(signing_key, clock=clock)
        self._clock = clock

    @property
    def public_keys(self) -> KeySet:
        """What verifies now."""
        return self.ring.public_keys()

    def jwks(self) -> dict[str, Any]:
        """The key set to publish. Source: RFC 7517, section 5."""
        return self.ring.jwks()

    def now(self) -> int:
        """The issuer's time, in seconds since the epoch."""
        return int(self._clock())

    def sign(self, claims: Mapping[str, Any], *, type_: str) -> str:
        """A token of that type with just these claims, by the key that signs now."""
        key = self.ring.signing()
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": type_}
        return jws.serialize_compact(header, orjson.dumps(claims), key, algorithms=[ALGORITHM])

    def issue(
        self,
        tenant_id: TenantId,
        user_id: UserId,
        session_id: UUID,
        *,
        role: str,
        scopes: Iterable[str],
        until: datetime | None = None,
        authentication: Authentication | None = None,
        impersonator: UserId | None = None,
    ) -> IssuedToken:
        """Sign a token for a session of a person.

        Args:
            tenant_id: the person's tenant.
            user_id: the person.
            session_id: the session.
            role: what they are in the tenant.
            scopes: what they may do.
            until: when it ends, if that is before its usual end.
            authentication: how they proved who they are, if they did so themselves.
            impersonator: who acts in their name, if somebody does. Source: RFC 8693, section 4.1.
        """
        now = int(self._clock())
        expires = now + LIFETIME_SECONDS if until is None else min(now + LIFETIME_SECONDS, int(until.timestamp()))
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "tid": str(tenant_id),
            "sid": str(session_id),
            "role": role,
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": expires,
            **(authentication.claims() if authentication else {}),
            **({"act": {"sub": str(impersonator)}} if impersonator else {}),
        }
        return IssuedToken(self.sign(claims, type_=TYPE), datetime.fromtimestamp(expires, UTC))


class TokenVerifier:
    """Turns a token into its `Caller`. Verified tokens are remembered by digest until they expire, a bounded number."""

    def __init__(
        self,
        keys: KeySource,
        *,
        public_url: str | None = None,
        remember: int = 4096,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Know of no token yet.

        Args:
            keys: of the platform.
            public_url: under which the tenants' authorization servers are; None accepts tokens of none of them.
            remember: so many verified tokens.
            clock: seconds since the epoch.
        """
        self._keys = keys
        self._tenant_issuer = (
            None if public_url is None else re.compile(re.escape(tenant_issuer(public_url, "")) + _SLUG)
        )
        self._clock = clock
        self._remember = remember
        self._verified: OrderedDict[bytes, tuple[Caller, int]] = OrderedDict()

    async def presented(self, headers: Mapping[str, str]) -> str | None:
        """The token that a request's headers present; None for an anonymous request.

        Raises:
            Unauthenticated: there is something else instead.
        """
        return bearer_token(headers)

    async def caller(self, token: str) -> Caller:
        """The caller `token` was issued to.

        Raises:
            Unauthenticated: the token is forged, malformed, expired or meant for something else.
        """
        if len(token) > MAX_LENGTH:
            raise TokenInvalid
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        if known := self._verified.get(digest):
            caller, expires = known
            self._refuse_expired(expires)
            self._verified.move_to_end(digest)
            return caller
        caller, expires = await self._verify(token)
        self._verified[digest] = caller, expires
        if len(self._verified) > self._remember:
            self._verified.popitem(last=False)
        return caller

    async def _verify(self, token: str) -> tuple[Caller, int]:
        try:
            claims = await signed_claims(token, self._keys, TYPE)
            self._check(claims)
            return caller_of(claims), claims["exp"]
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TokenInvalid from error

    def _check(self, claims: dict[str, Any]) -> None:
        if not self._is_ours(_text(claims["iss"])) or claims["aud"] != AUDIENCE:
            raise TokenInvalid
        times = [claims["iat"], claims["exp"], claims.get("nbf", claims["iat"])]
        if any(type(moment) is not int for moment in times):
            raise TokenInvalid
        self._refuse_expired(claims["exp"])
        if max(claims["iat"], times[2]) > self._clock() + LEEWAY_SECONDS:
            raise TokenInvalid

    def _is_ours(self, issuer: str) -> bool:
        """Whether it is the platform or a tenant's; which tenant's is the claim ``tid``, that nobody else signs."""
        tenant = self._tenant_issuer
        return issuer == ISSUER or (tenant is not None and tenant.fullmatch(issuer) is not None)

    def _refuse_expired(self, expires: int) -> None:
        if expires + LEEWAY_SECONDS <= self._clock():
            raise TokenExpired


def tenant_issuer(public_url: str, slug: str) -> str:
    """The issuer of a tenant's authorization server: an identifier, and where its metadata is found."""
    return f"{public_url}/t/{slug}"


async def signed_claims(token: str, keys: KeySource, type_: str) -> dict[str, Any]:
    """What a token of that type says, if its signature is right; nothing else of it has been looked at.

    Raises:
        Unauthenticated: it is not such a token. So mean JoseError, ValueError, KeyError, TypeError and AttributeError.
    """
    header = _header(token, type_)
    known = await keys.keys(header["kid"])
    payload = jws.deserialize_compact(token, _only(known, header["kid"]), algorithms=[ALGORITHM]).payload
    return orjson.loads(payload or b"")


def _header(token: str, type_: str) -> dict[str, str]:
    """The header, if it is exactly the one we sign: no ``crit``, no embedded key, no other algorithm."""
    header: dict[str, Any] = dict(jws.extract_compact(token.encode("ascii")).headers())
    expected = header.keys() == _HEADERS and header["alg"] == ALGORITHM and header["typ"] == type_
    if not expected or not isinstance(header["kid"], str):
        raise TokenInvalid
    return header


def _only(keys: KeySet, kid: str) -> ECKey:
    for key in keys.keys:
        if key.kid == kid and isinstance(key, ECKey):
            return key
    raise TokenInvalid


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The caller that a token's claims name: an OAuth app that is its own subject calls for nobody.

    Raises:
        Unauthenticated: they name none. So mean ValueError, KeyError, TypeError and AttributeError.
    """
    client = claims.get("client_id")
    by_itself = client is not None and client == claims["sub"]
    return Caller(
        tenant_id=TenantId(UUID(claims["tid"])),
        user_id=None if by_itself else UserId(UUID(claims["sub"])),
        role=_text(claims["role"]),
        scopes=frozenset(_text(claims["scope"]).split()),
        session_id=UUID(claims["sid"]),
        client_id=None if client is None else UUID(client),
        impersonator_id=_impersonator(claims.get("act")),
        auth_time=_moment(claims.get("auth_time")),
        acr=None if claims.get("acr") is None else _text(claims["acr"]),
        jkt=_key(claims.get("cnf")),
    )


def _moment(value: object) -> int | None:
    if value is not None and type(value) is not int:
        raise TokenInvalid
    return value


def _key(confirmation: Mapping[str, Any] | None) -> str | None:
    """Of the key that a token was issued to; one that is bound by other means is good for nobody here."""
    return None if confirmation is None else _text(confirmation["jkt"])


def _impersonator(act: Mapping[str, Any] | None) -> UserId | None:
    return None if act is None else UserId(UUID(act["sub"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TokenInvalid
    return value
