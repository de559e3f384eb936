"""Key sets as issuers publish them.

Source: RFC 7517, RFC 7518 and RFC 8037.
"""

from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

FAMILIES: Final[Mapping[str, str]] = {
    **{f"{kind}{bits}": "RSA" for kind in ("RS", "PS") for bits in (256, 384, 512)},
    **{f"ES{bits}": "EC" for bits in (256, 384, 512)},
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
    **{f"HS{bits}": "oct" for bits in (256, 384, 512)},
}
"""The type of the keys of each algorithm. Source: RFC 7518 and RFC 8037."""

_CLASSES: Final = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey, "oct": OctKey}
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}
_MIN_RSA_BYTES: Final = 256
_MIN_SECRET_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
_MAX_KEYS: Final = 100

Material: TypeAlias = RSAKey | ECKey | OKPKey | OctKey


@dataclass(frozen=True, slots=True)
class Key:
    """A key that may verify.

    Attributes:
        algorithms: that it may be used for.
        identifying: everything that makes it this key.
    """

    kid: str | None
    algorithms: frozenset[str]
    material: Material
    identifying: str


def read_keys(text: bytes, algorithms: Collection[str]) -> tuple[Key, ...]:
    """The keys of a set that may verify; those that we do not know, or that are too weak, are passed over.

    Raises:
        ValueError: the text is no key set.
    """
    content: Any = orjson.loads(text)
    entries: Any = cast("dict[str, Any]", content).get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ValueError("The text is no JSON Web Key Set.")  # noqa: TRY004  # it is content that is wrong, not code
    found = (_key(entry, algorithms) for entry in cast("list[Any]", entries)[:_MAX_KEYS])
    return tuple(key for key in found if key is not None)


def _key(entry: Any, algorithms: Collection[str]) -> Key | None:
    if not isinstance(entry, dict):
        return None
    given = cast("dict[str, Any]", entry)
    try:
        usable = frozenset(each for each in algorithms if _fits(given, each))
        if not usable:
            return None
        public = {name: value for name, value in given.items() if isinstance(value, str)}
        kid = public.get("kid")
        identifying = orjson.dumps(public, option=orjson.OPT_SORT_KEYS).decode()
        return Key(kid, usable, _CLASSES[public["kty"]].import_key(cast("Any", public)), identifying)
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _fits(given: Mapping[str, Any], algorithm: str) -> bool:
    """Whether a key is meant, and strong enough, for signatures by an algorithm."""
    if given["kty"] != FAMILIES[algorithm] or given.get("use", "sig") != "sig":
        return False
    if given.get("alg", algorithm) != algorithm or "verify" not in given.get("key_ops", ("verify",)):
        return False
    match given["kty"]:
        case "RSA":
            return _length(given["n"]) >= _MIN_RSA_BYTES
        case "oct":
            return _length(given["k"]) >= _MIN_SECRET_BYTES[algorithm]
        case _:
            return given["crv"] == _CURVES[algorithm]


def _length(value: str) -> int:
    return len(urlsafe_b64decode(value + "=" * (-len(value) % 4)).lstrip(b"\0"))
