"""The platform's signing keys: a ring of them, of which one signs now.

Whoever holds the ring knows by the clock alone which key signs, so that rotation needs no word between processes: the
next key is published long before it signs, and a retired one until no token of its time is valid any more. The ring is
text: private keys as PEM, each but the first after a line that says since when it signs. RFC 7468, section 5.2, allows
such lines, and the PEM of a single key is a ring.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey, KeySet
from pydantic import SecretStr

ALGORITHM: Final = "ES256"
KEPT_SECONDS: Final = 2 * 3600.0
"""For how long a retired key is published: longer than any token that it may have signed."""
LEAD_SECONDS: Final = 3600.0
"""How long before it signs the next key is published: longer than verifiers keep a key set (`shared.jwks`), and enough
for a deployment to give the new ring to each process in turn."""
_EVER: Final = float("-inf")
_BLOCK: Final = re.compile(
    r"(?:^Signs-From:[ \t]*(?P<since>\S+)[ \t]*\n)?"
    r"(?P<pem>-----BEGIN (?P<kind>(?:EC )?PRIVATE KEY)-----.+?-----END (?P=kind)-----)",
    re.DOTALL | re.MULTILINE,
)


def generate_signing_key() -> SecretStr:
    """A new P-256 private key, as PEM."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key = ec.generate_private_key(ec.SECP256R1())
    return SecretStr(key.private_bytes(encoding, form, serialization.NoEncryption()).decode())


@dataclass(frozen=True, slots=True)
class _RingKey:
    key: ECKey
    pem: str
    since: float
    """Seconds since the epoch."""


class KeyRing:
    """The keys of a ring; a source of keys for verifiers in the same process."""

    def __init__(self, text: SecretStr, *, clock: Callable[[], float] = time.time) -> None:
        """Read a ring.

        Raises:
            ValueError: it has no key, one that is not for P-256, or two that begin to sign at the same time.
        """
        self._keys = tuple(_read(text.get_secret_value()))
        self._clock = clock
        self._set = _public(self._published(clock()))

    def signing(self) -> ECKey:
        """The key that signs now."""
        return self._keys[self._current()].key

    def public_keys(self) -> KeySet:
        """What verifies now: the key that signs, the next ones, and retired ones whose tokens may still be valid."""
        published = self._published(self._clock())
        if len(published) != len(self._set.keys):  # what is published becomes less, never other
            self._set = _public(published)
        return self._set

    def jwks(self) -> dict[str, Any]:
        """The key set to publish. Source: RFC 7517, section 5."""
        return dict(self.public_keys().as_dict(private=False))

    async def keys(self, kid: str) -> KeySet:
        """The same, for verifiers."""
        return self.public_keys()

    def rotated(self, *, lead_seconds: float = LEAD_SECONDS) -> SecretStr:
        """The ring with another key, which signs from `lead_seconds` from now on, and without those of no use."""
        now = self._clock()
        new = generate_signing_key().get_secret_value()
        kept = [_text(each.pem, each.since) for each in self._published(now)]
        return SecretStr("".join([*kept, _text(new, now + lead_seconds)]))

    def _current(self) -> int:
        now = self._clock()
        return max((place for place, each in enumerate(self._keys) if each.since <= now), default=0)

    def _published(self, now: float) -> list[_RingKey]:
        successors = [each.since for each in self._keys[1:]] + [float("inf")]
        return [each for each, retired in zip(self._keys, successors, strict=True) if now < retired + KEPT_SECONDS]


def _public(keys: Iterable[_RingKey]) -> KeySet:
    return KeySet([ECKey.import_key(each.key.as_dict(private=False)) for each in keys])


def _read(text: str) -> list[_RingKey]:
    found = [
        _RingKey(_key(block["pem"]), block["pem"], _moment(block["since"]) if block["since"] else _EVER)
        for block in _BLOCK.finditer(text)
    ]
    found.sort(key=lambda each: each.since)
    if not found:
        raise ValueError("There is no private key (PEM).")
    if len({each.since for each in found}) < len(found):
        raise ValueError("Two signing keys begin to sign at the same time.")
    return found


def _key(pem: str) -> ECKey:
    key = ECKey.import_key(pem, {"use": "sig", "alg": ALGORITHM})
    if key.curve_name != "P-256":
        raise ValueError("Tokens are signed with keys for P-256.")
    key.ensure_kid()
    return key


def _moment(since: str) -> float:
    moment = datetime.fromisoformat(since)
    if moment.tzinfo is None:
        raise ValueError("Signs-From needs an offset, as in 2026-01-31T12:00:00Z.")
    return moment.timestamp()


def _text(pem: str, since: float) -> str:
    if since == _EVER:
        return f"{pem.strip()}\n"
    return f"Signs-From: {datetime.fromtimestamp(int(since), UTC).isoformat()}\n{pem.strip()}\n"
