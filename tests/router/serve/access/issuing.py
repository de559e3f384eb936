"""An issuer of access tokens, honest or not, as tests need it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from joserfc import jws
from joserfc.jwk import ECKey

from router.serve.access.keys import PublishedKeys
from router.serve.access.tokens import TokenVerifier, TrustedIssuer

ISSUER = "https://issuer.example"
AUDIENCE = "https://graph.example"


def signing_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


def claims(**changes: Any) -> dict[str, Any]:
    """Those of a token that is in order, with changes; None takes one away."""
    now = time.time()
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "iat": now,
        "exp": now + 300,
        "scope": "read write",
        "org": "acme",
        "client_id": "web",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def sign(key: Any, payload: Mapping[str, Any], **header: Any) -> str:
    """A token by the key, whatever it says; header parameters may be changed, and None takes one away."""
    usual = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"} | header
    protected = {name: value for name, value in usual.items() if value is not None}
    registry = _AnyHeader(algorithms=[protected["alg"]])
    return jws.serialize_compact(protected, orjson.dumps(payload), key, registry=registry)


class _AnyHeader(jws.JWSRegistry):
    """Signs whatever a forger might."""

    def check_header(self, header: Mapping[str, Any]) -> None:
        return


@dataclass
class Issuer:
    """Publishes key sets.

    Attributes:
        reads: how often the key set was read.
        now: the time, in seconds, that the reader's clock shows.
        down: whether the key set can be read at all.
    """

    keys: list[Any] = field(default_factory=lambda: [signing_key("one")])
    reads: int = 0
    now: float = 0.0
    down: bool = False

    async def load(self) -> bytes:
        self.reads += 1
        if self.down:
            raise OSError("unreachable")
        return orjson.dumps({"keys": [key.as_dict(private=key.key_type == "oct") for key in self.keys]})

    def token(self, **changes: Any) -> str:
        return sign(self.keys[0], claims(**changes))

    def published(self, *algorithms: str) -> PublishedKeys:
        return PublishedKeys(self.load, algorithms or ("ES256",), clock=lambda: self.now)

    def verifier(self, **changes: Any) -> TokenVerifier:
        """One that trusts this issuer alone, configured as usual but for the changes."""
        trusted = trusting(**changes)
        return TokenVerifier([(trusted, self.published(*trusted.algorithms))])


def trusting(**changes: Any) -> TrustedIssuer:
    usual: dict[str, Any] = {"issuer": ISSUER, "jwks": "unused", "audiences": (AUDIENCE,), "tenant_claim": "org"}
    return TrustedIssuer(**{**usual, **changes})
