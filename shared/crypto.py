"""Keys derived from the platform's one secret, and values sealed with them."""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 16
_MAC_BYTES: Final = 16
_SALT_BYTES: Final = 16


class SealBroken(Exception):
    """A sealed value was altered, sealed for another context, or sealed with another secret."""


def derive_key(secret: SecretStr, purpose: str) -> bytes:
    """A 32-byte key for one purpose; two purposes never share a key. Source: RFC 5869."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(
        secret.get_secret_value().encode()
    )


def login_password(secret: SecretStr, role: str) -> str:
    """The database password of a login role: derived, so that no file has to keep it."""
    return hmac.digest(derive_key(secret, "database-login"), role.encode(), hashlib.sha256).hex()


@dataclass(frozen=True, slots=True)
class Sealer:
    """Authenticated encryption (AES-256-GCM) of small values that travel between services."""

    key: bytes = field(repr=False)

    @classmethod
    def create(cls, secret: SecretStr, purpose: str) -> "Sealer":
        return cls(derive_key(secret, purpose))

    def seal(self, plaintext: str, *, context: str) -> str:
        """Encrypt `plaintext` so that it opens only for the same `context` (say, the id of its owner)."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(self.key).encrypt(nonce, plaintext.encode(), context.encode())
        return urlsafe_b64encode(nonce + ciphertext).decode()

    def salt(self, *, context: str) -> bytes:
        """The same 16 bytes for the same `context`, which nobody guesses without the key."""
        return hmac.digest(self.key, b"salt:" + context.encode(), hashlib.sha256)[:_SALT_BYTES]

    def open(self, sealed: str, *, context: str) -> str:
        """Decrypt what `seal` returned.

        Raises:
            SealBroken: it is not what `seal` returned for this context.
        """
        try:
            raw = urlsafe_b64decode(sealed)
            return AESGCM(self.key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, Base64Error, ValueError) as error:
            raise SealBroken from error


@dataclass(frozen=True, slots=True)
class IdSigner:
    """Codes that stand for an identifier and cannot be made up: the identifier and a MAC of it."""

    key: bytes = field(repr=False)

    @classmethod
    def create(cls, secret: SecretStr, purpose: str) -> "IdSigner":
        return cls(derive_key(secret, purpose))

    def sign(self, id_: UUID) -> str:
        return urlsafe_b64encode(id_.bytes + self._mac(id_)).rstrip(b"=").decode()

    def read(self, code: str) -> UUID | None:
        """The identifier `code` was made for; None if it was not made here."""
        try:
            raw = urlsafe_b64decode(code + "=" * (-len(code) % 4))
            id_ = UUID(bytes=raw[:_ID_BYTES])
        except ValueError:
            return None
        return id_ if hmac.compare_digest(raw[_ID_BYTES:], self._mac(id_)) else None

    def _mac(self, id_: UUID) -> bytes:
        return hmac.digest(self.key, id_.bytes, hashlib.sha256)[:_MAC_BYTES]
