"""The router's tokens: what a subgraph accepts that trusts nobody else, neither the network nor a caller by themselves.

The router has verified its caller, and tells one subgraph in a token of its own, for a short time. Whoever has taken a
caller's own token cannot ask a subgraph with it, and a subgraph never gets to see one.
"""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import SecretStr

from shared.bearer import bearer_token
from shared.caller import Caller
from shared.errors import Unauthenticated
from shared.jwks import KeySource, LocalKeys
from shared.tokens import LEEWAY_SECONDS, MAX_LENGTH, TokenExpired, TokenInvalid, caller_of, signed_claims

ISSUER: Final = "studium-router"
TYPE: Final = "router+jwt"
HEADER: Final = "router-authorization"
LIFETIME_SECONDS: Final = 60
TENANT_CLAIM: Final = "tid"
CARRIED: Final = ("role", "sid", "act", "auth_time", "acr")
"""Claims that the router takes over from a caller's own token."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a token says: `expires` is its own end, `until` that of the caller's own token."""

    caller: Caller | None
    expires: float
    until: float


class RouterTokenVerifier:
    """Turns the router's tokens for one subgraph into callers, and refuses every other request."""

    def __init__(
        self, subgraph: str, keys: KeySource, *, remember: int = 4096, clock: Callable[[], float] = time.time
    ) -> None:
        self._subgraph = subgraph
        self._keys = keys
        self._clock = clock
        self._remember = remember
        self._verified: OrderedDict[bytes, _Said] = OrderedDict()

    async def presented(self, headers: Mapping[str, str]) -> str | None:
        """The router's token; None if it is about an anonymous caller.

        Raises:
            Unauthenticated: there is none, or it is forged, expired or for another subgraph.
        """
        token = bearer_token(headers, HEADER)
        if token is None:
            raise Unauthenticated("Ask the graph: subgraphs answer its router alone")
        said = await self._said(token)
        if said.expires + LEEWAY_SECONDS <= self._clock():
            raise TokenExpired
        return None if said.caller is None else token

    async def caller(self, token: str) -> Caller:
        """The caller that a token which was `presented` is about; also later, until the caller's own token ends.

        Raises:
            Unauthenticated: it is about nobody, or that token has ended.
        """
        said = await self._said(token)
        if said.caller is None:
            raise TokenInvalid
        if said.until <= self._clock():
            raise TokenExpired
        return said.caller

    async def _said(self, token: str) -> _Said:
        if len(token) > MAX_LENGTH:
            raise TokenInvalid
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is None:
            try:
                known = self._read(await signed_claims(token, self._keys, TYPE))
            except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise TokenInvalid from error
            if len(self._verified) >= self._remember:
                self._verified.popitem(last=False)
            self._verified[digest] = known
        return known

    def _read(self, claims: Mapping[str, Any]) -> _Said:
        if claims["iss"] != ISSUER or claims["aud"] != self._subgraph:
            raise TokenInvalid
        if _number(claims["iat"]) > self._clock() + LEEWAY_SECONDS:
            raise TokenInvalid
        expires = _number(claims["exp"])
        if "sub" not in claims:
            return _Said(None, expires, expires)
        return _Said(caller_of(claims), expires, _number(claims["until"]))


def public_keys(signing_key: SecretStr) -> str:
    """The key set, as JSON, that verifies what is signed with a private key (PEM). Source: RFC 7517, section 5."""
    key = ECKey.import_key(signing_key.get_secret_value(), {"use": "sig"})
    key.ensure_kid()
    return json.dumps({"keys": [key.as_dict(private=False)]})


def keys_of(key_set: str) -> LocalKeys:
    """The keys of a key set, given as JSON.

    Raises:
        ValueError: it is none.
    """
    return LocalKeys(KeySet.import_key_set(json.loads(key_set)))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenInvalid
    return value
