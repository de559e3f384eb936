"""Random values of the same shape as a given one: what an answer has to be compared with."""

import re
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random
from typing import Final
from uuid import UUID

UUIDS: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_FIXED: Final = re.compile(rf"({UUIDS.pattern})|\d{{4}}-\d\d-\d\dT[\d:.]+Z?", re.IGNORECASE)
_TIMED: Final = 7
_TIME_BITS: Final = ((1 << 48) - 1) << 80
_OTHER_BITS: Final = ((1 << 128) - 1) & ~_TIME_BITS & ~(0xF << 76) & ~(0x3 << 62)
"""All but the version and the variant. Source: RFC 9562, section 5.7."""


def lookalike(value: str, random: Random) -> str:
    """Another one: identifiers keep their version and time, cursors their structure, texts their shape."""
    if UUIDS.fullmatch(value):
        return _uuid(value, random)
    if (inside := _decoded(value)) is not None:
        return urlsafe_b64encode(lookalike_text(inside, random).encode()).rstrip(b"=").decode()
    return lookalike_text(value, random)


def lookalike_text(value: str, random: Random) -> str:
    """A text whose letters and digits are others; identifiers in it are others as a whole, and moments stay."""
    parts: list[str] = []
    place = 0
    for found in _FIXED.finditer(value):
        parts += [_shuffled(value[place : found.start()], random), _uuid(found[0], random) if found[1] else found[0]]
        place = found.end()
    return "".join([*parts, _shuffled(value[place:], random)])


def _uuid(value: str, random: Random) -> str:
    given = UUID(value)
    free = _OTHER_BITS | (0 if given.version == _TIMED else _TIME_BITS)
    return str(UUID(int=(given.int & ~free) | (random.getrandbits(128) & free)))


def _shuffled(text: str, random: Random) -> str:
    return "".join(_like(character, random) for character in text)


def _like(character: str, random: Random) -> str:
    for alphabet in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        if character in alphabet:
            return random.choice(alphabet)
    return character


def _decoded(value: str) -> str | None:
    """The text within a cursor."""
    try:
        text = urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
    except ValueError:
        return None
    return text if text.startswith(("[", "{")) or UUIDS.search(text) else None
