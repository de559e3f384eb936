"""Tokens for subgraphs: who asks, as the router has verified it, for one subgraph and a short time.

A subgraph that accepts these alone need not trust the network, nor know who issues the callers' own tokens. The token
for an anonymous caller says that the router asks, for nobody in particular.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, import_key

from router.serve.access.identity import Identity
from router.serve.cache import LruCache
from router.serve.request import RequestContext
from router.serve.traffic.calls import SubgraphCall

TYPE: Final = "router+jwt"
"""So that no token of another kind is ever taken for one of these, or the other way round."""

_ALGORITHMS: Final = {"P-256": "ES256", "Ed25519": "Ed25519"}


@dataclass(frozen=True, slots=True)
class InternalTokens:
    """What the router's tokens look like.

    Attributes:
        issuer: their `iss`; `aud` is the name of the subgraph.
        header: that has the token, after `Bearer`.
        lifetime_seconds: of a token; it is used for the first half of it.
        tenant_claim: has the tenant.
        carried: further claims that are taken over from the caller's own token.
        dropped: headers that subgraphs do not get beside it.
        remembered: tokens that are kept for further requests.
    """

    issuer: str = "router"
    header: str = "router-authorization"
    lifetime_seconds: float = 60.0
    tenant_claim: str = "tenant"
    carried: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ("authorization",)
    remembered: int = 10_000


class TokenSigner:
    """A hook before requests to subgraphs, which gives them their tokens."""

    def __init__(
        self, key: str, config: InternalTokens | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Read the key.

        Args:
            key: a private key for P-256 or Ed25519, as PEM.
            config: what tokens look like.
            clock: seconds since the epoch.

        Raises:
            ValueError: it is no such key.
        """
        self._config = config or InternalTokens()
        self._key = _signing_key(key)
        self._algorithm = _ALGORITHMS[str(self._key.curve_name)]
        self._clock = clock
        self._tokens: LruCache[tuple[Identity | None, str], tuple[str, float]]
        self._tokens = LruCache(self._config.remembered, self._config.remembered)

    async def __call__(self, call: SubgraphCall) -> None:
        """Give a request its token."""
        origin = call.terms.origin
        identity = origin.identity if isinstance(origin, RequestContext) else None
        for name in self._config.dropped:
            call.headers.pop(name, None)
        call.headers[self._config.header] = f"Bearer {self.token(identity, call.subgraph)}"

    def token(self, identity: Identity | None, subgraph: str) -> str:
        """A token that is good for at least half of the lifetime, or until the caller's own ends."""
        now = self._clock()
        known = self._tokens.get((identity, subgraph))
        if known is not None and now < known[1]:
            return known[0]
        token = self._sign(identity, subgraph, now)
        self._tokens.put((identity, subgraph), (token, now + self._config.lifetime_seconds / 2), 1)
        return token

    def jwks(self) -> Mapping[str, Any]:
        """The key set that subgraphs verify with, to be published or handed to them. Source: RFC 7517, section 5."""
        return {"keys": [self._key.as_dict(private=False)]}

    def _sign(self, identity: Identity | None, subgraph: str, now: float) -> str:
        expires = now + self._config.lifetime_seconds
        if identity is not None and identity.expires is not None:
            expires = min(expires, identity.expires)
        claims = {"iss": self._config.issuer, "aud": subgraph, "iat": int(now), "exp": int(expires)}
        header = {"alg": self._algorithm, "kid": self._key.kid, "typ": TYPE}
        payload = orjson.dumps(claims if identity is None else {**claims, **self._about(identity)})
        return jws.serialize_compact(header, payload, self._key, algorithms=[self._algorithm])

    def _about(self, identity: Identity) -> Mapping[str, Any]:
        """What a token says of its caller; `until` is when their own token ends, which a stream must not outlive."""
        said = {
            "sub": identity.subject,
            self._config.tenant_claim: identity.tenant,
            "client_id": identity.client,
            "scope": " ".join(sorted(identity.scopes)),
            "until": identity.expires,
            **{name: identity.claims.get(name) for name in self._config.carried},
        }
        return {name: value for name, value in said.items() if value is not None}


def _signing_key(pem: str) -> ECKey | OKPKey:
    for kind in ("EC", "OKP"):
        try:
            key = import_key(pem, kind, {"use": "sig"})
        except (JoseError, ValueError):
            continue
        if key.is_private and str(key.curve_name) in _ALGORITHMS:
            key.ensure_kid()
            return key
    raise ValueError("The router's tokens are signed with a private key for P-256 or Ed25519.")
