"""Proofs that whoever sends a token has the key that it was issued to: a token that is stolen is good for nothing.

Source: RFC 9449.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from shared.errors import Unauthenticated

ALGORITHMS: Final = ("ES256", "Ed25519")
HEADER: Final = "dpop"
PROOF_SECONDS: Final = 60
"""For so long before and after its time is a proof good, once."""
MAX_LENGTH: Final = 4096
_TYPE: Final = "dpop+jwt"
_HEADERS: Final = frozenset({"alg", "typ", "jwk"})
_CURVES: Final = {"ES256": ("EC", "P-256"), "Ed25519": ("OKP", "Ed25519")}
_PORTS: Final = {"http": 80, "https": 443}


class ProofInvalid(Unauthenticated):
    """One message for whatever is wrong with it."""

    code = "DPOP_PROOF_INVALID"
    default_message = "The token is good only with a DPoP proof for this request, by the key that it was issued to"


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof for one request, whose signature is right; whether it was used before is not known yet."""

    jkt: str
    """The thumbprint of its key. Source: RFC 7638."""
    digest: bytes
    """Of its key and its id: the same only if it is used again."""
    ath: str | None
    nonce: str | None

    def is_for(self, token: str) -> bool:
        """Whether it was made for that access token."""
        return self.ath == hashed(token)


def hashed(token: str) -> str:
    """How a proof names an access token. Source: RFC 9449, section 4.2."""
    return _base64(hashlib.sha256(token.encode(errors="surrogatepass")).digest())


def presented(headers: Mapping[str, str]) -> str | None:
    """The token that a header presents as bound to a key; None if there is another one, or none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "dpop" and token.strip() else None


def read_proof(text: str, *, method: str, url: str, now: float) -> Proof:
    """What a proof says, if it is one for this request.

    Args:
        text: the value of the only ``DPoP`` header.
        method: of the request.
        url: of the request, as the client knows it; its query does not count.
        now: seconds since the epoch.

    Raises:
        ProofInvalid: it is none, or for another request, or for another time. Source: RFC 9449, section 4.3.
    """
    if len(text) > MAX_LENGTH:
        raise ProofInvalid
    try:
        key, claims = _signed(text)
        thumbprint = key.thumbprint()
        for_this = claims["htm"] == method and _same_address(_text(claims["htu"]), url)
        fresh = type(claims["iat"]) is int and abs(now - claims["iat"]) <= PROOF_SECONDS
        named = f"{thumbprint}\0{_text(claims['jti'])}"
        ath, nonce = claims.get("ath"), claims.get("nonce")
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProofInvalid from error
    if not for_this or not fresh:
        raise ProofInvalid
    return Proof(
        thumbprint,
        hashlib.sha256(named.encode(errors="surrogatepass")).digest(),
        ath if isinstance(ath, str) else None,
        nonce if isinstance(nonce, str) else None,
    )


def _signed(text: str) -> tuple[ECKey | OKPKey, dict[str, Any]]:
    header: dict[str, Any] = dict(jws.extract_compact(text.encode("ascii")).headers())
    if header.keys() != _HEADERS or header["typ"] != _TYPE or header["alg"] not in ALGORITHMS:
        raise ProofInvalid
    key = _public_key(header["alg"], header["jwk"])
    payload = jws.deserialize_compact(text, key, algorithms=[header["alg"]]).payload
    claims: Any = orjson.loads(payload or b"")
    if not isinstance(claims, dict):
        raise ProofInvalid
    return key, cast("dict[str, Any]", claims)


def _public_key(algorithm: str, jwk: Mapping[str, Any]) -> ECKey | OKPKey:
    """The key that a proof brings along: of the algorithm's own kind, and without its private half."""
    if (jwk["kty"], jwk["crv"]) != _CURVES[algorithm] or "d" in jwk:
        raise ProofInvalid
    kind = ECKey if jwk["kty"] == "EC" else OKPKey
    members = ("kty", "crv", "x", "y") if kind is ECKey else ("kty", "crv", "x")
    return kind.import_key({name: _text(jwk[name]) for name in members})


def _same_address(told: str, url: str) -> bool:
    return _address(urlsplit(told)) == _address(urlsplit(url))


def _address(parts: SplitResult) -> tuple[str, str, int | None, str]:
    """What is compared of an address. Source: RFC 3986, sections 6.2.2 and 6.2.3."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme), parts.path or "/"


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ProofInvalid
    return value


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
