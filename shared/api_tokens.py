"""API tokens as text: what programs present instead of signing in.

``stud_`` and 70 letters and digits, which stand for the tenant's id (16 bytes), a secret (32 bytes of chance) and a
checksum (4 bytes). The prefix lets scanners find a token that has leaked; the checksum lets a router turn away what is
none without asking anybody; the tenant says where to look it up, and counts for nothing before it was found there.
"""

import hashlib
import os
import zlib
from string import ascii_letters, digits
from typing import Final
from uuid import UUID

from shared.caller import TenantId

PREFIX: Final = "stud_"
_ALPHABET: Final = digits + ascii_letters
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_TENANT_BYTES: Final = 16
_SECRET_BYTES: Final = 32
_CHECKSUM_BYTES: Final = 4
_BYTES: Final = _TENANT_BYTES + _SECRET_BYTES + _CHECKSUM_BYTES
_CHARACTERS: Final = 70
"""The least that has room for as many bytes: 62 ** 70 > 256 ** 52."""
LENGTH: Final = len(PREFIX) + _CHARACTERS


def generate(tenant_id: TenantId) -> str:
    """A new token of a tenant, which nobody guesses."""
    body = tenant_id.bytes + os.urandom(_SECRET_BYTES)
    return PREFIX + _encode(body + _checksum(body))


def tenant_of(token: str) -> TenantId | None:
    """The tenant that a token claims to be of; None if nobody has made it."""
    raw = _decode(token.removeprefix(PREFIX)) if token.startswith(PREFIX) and len(token) == LENGTH else None
    if raw is None or _checksum(raw[:-_CHECKSUM_BYTES]) != raw[-_CHECKSUM_BYTES:]:
        return None
    return TenantId(UUID(bytes=raw[:_TENANT_BYTES]))


def digest(token: str) -> bytes:
    """What is kept of a token. Its secret has 256 bits, so that a quick hash without salt is enough."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES)


def _encode(raw: bytes) -> str:
    number, characters = int.from_bytes(raw), list[str]()
    for _ in range(_CHARACTERS):
        number, value = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[value])
    return "".join(reversed(characters))


def _decode(text: str) -> bytes | None:
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * len(_ALPHABET) + value
    try:
        return number.to_bytes(_BYTES)
    except OverflowError:
        return None
