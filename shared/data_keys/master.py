"""The master key: wraps data keys, and is held by no database. One port, two adapters: keys held here, and a KMS."""

import hashlib
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from shared.crypto import SealBroken, derive_key

DATA_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID_DIGITS: Final = 16
_SHORTEST: Final = 32


class MasterKey(Protocol):
    """Wraps data keys for the places they belong to."""

    async def wrap(self, key: bytes, *, place: str) -> str:
        """Encrypt a data key so that it opens only for the same `place` (the tenant's id, and the subgraph)."""
        ...

    async def unwrap(self, wrapped: str, *, place: str) -> bytes:
        """Decrypt what `wrap` returned, by whichever of the keys.

        Raises:
            SealBroken: it is not what `wrap` returned for this place, or with keys that are not here any more.
            Unavailable: whoever holds the key does not answer.
        """
        ...

    def is_current(self, wrapped: str) -> bool:
        """Whether it was wrapped with the newest key."""
        ...


class LocalMasterKey:
    """Keys that this process holds, of which the newest wraps. Older ones still unwrap until nothing needs them."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        """Take the newest secret first; each has 32 characters or more.

        Raises:
            ValueError: there is none, or one is shorter.
        """
        if not secrets or any(len(secret.get_secret_value()) < _SHORTEST for secret in secrets):
            raise ValueError(f"a master key needs {_SHORTEST} characters or more")
        derived = [derive_key(secret, "master-key") for secret in secrets]
        self._keys = {hashlib.sha256(key).hexdigest()[:_ID_DIGITS]: key for key in derived}
        self._newest = next(iter(self._keys))

    @classmethod
    def read(cls, text: SecretStr, *, older: Sequence[SecretStr] = ()) -> "LocalMasterKey":
        """One secret a line (or between blanks), the newest first; then those that are older still.

        Raises:
            ValueError: the text has none, or one is too short.
        """
        secrets = [SecretStr(each) for each in text.get_secret_value().split()]
        if not secrets:
            raise ValueError("there is no master key")
        return cls([*secrets, *older])

    @classmethod
    def read_file(cls, path: Path, *, older: Sequence[SecretStr] = ()) -> "LocalMasterKey":
        """The same, from a file that only this process may read."""
        return cls.read(SecretStr(path.read_text()), older=older)

    async def wrap(self, key: bytes, *, place: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(self._keys[self._newest]).encrypt(nonce, key, place.encode())
        return f"local.{self._newest}.{urlsafe_b64encode(nonce + ciphertext).decode()}"

    async def unwrap(self, wrapped: str, *, place: str) -> bytes:
        try:
            _, id_, encoded = wrapped.split(".")
            raw = urlsafe_b64decode(encoded)
            return AESGCM(self._keys[id_]).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode())
        except (InvalidTag, KeyError, ValueError) as error:
            raise SealBroken from error

    def is_current(self, wrapped: str) -> bool:
        return wrapped.startswith(f"local.{self._newest}.")
