"""Boxes that anybody can put something into and only who made them can open: a fresh key pair each.

What is told in events can so be told to one reader, whoever else keeps the event; and once the private key is
destroyed, so is every copy of it. As in hybrid public key encryption: X25519, HKDF-SHA-256, AES-256-GCM, with both
public keys in the derivation. Source: RFC 9180, section 4 (the construction); RFC 7748; RFC 5869.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.crypto import SealBroken

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_PURPOSE: Final = b"sealed-box"


@dataclass(frozen=True, slots=True)
class BoxKey:
    """Opens what was sealed for its public half."""

    private: str = field(repr=False)

    @classmethod
    def generate(cls) -> "BoxKey":
        return cls(_encoded(X25519PrivateKey.generate().private_bytes_raw()))

    @property
    def public(self) -> str:
        return _encoded(self._key.public_key().public_bytes_raw())

    @property
    def _key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(urlsafe_b64decode(self.private))

    def open(self, sealed: str, *, context: str) -> str:
        """What `seal` was given.

        Raises:
            SealBroken: it was changed, or sealed for another key or context.
        """
        try:
            raw, key = urlsafe_b64decode(sealed), self._key
            ephemeral, nonce = raw[:_KEY_BYTES], raw[_KEY_BYTES : _KEY_BYTES + _NONCE_BYTES]
            shared = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            secret = _secret(shared, ephemeral, key.public_key().public_bytes_raw())
            return AESGCM(secret).decrypt(nonce, raw[_KEY_BYTES + _NONCE_BYTES :], context.encode()).decode()
        except (InvalidTag, Base64Error, ValueError) as error:
            raise SealBroken from error


def seal(public: str, text: str, *, context: str) -> str:
    """Encrypt `text` for whoever has the key of `public`, so that it opens only for the same `context`.

    Raises:
        ValueError: it is no public key.
    """
    receiver, key = urlsafe_b64decode(public), X25519PrivateKey.generate()
    ephemeral, nonce = key.public_key().public_bytes_raw(), os.urandom(_NONCE_BYTES)
    secret = _secret(key.exchange(X25519PublicKey.from_public_bytes(receiver)), ephemeral, receiver)
    return _encoded(ephemeral + nonce + AESGCM(secret).encrypt(nonce, text.encode(), context.encode()))


def _secret(shared: bytes, ephemeral: bytes, receiver: bytes) -> bytes:
    info = _PURPOSE + ephemeral + receiver
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(shared)


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()
