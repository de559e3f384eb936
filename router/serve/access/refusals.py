"""Telling operators why access tokens are refused. Clients are told no reason, as forgers would learn from it."""

import base64
import binascii
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from enum import Enum
from time import monotonic
from typing import Any, Final, cast

import orjson

logger = logging.getLogger(__name__)

SECONDS: Final = 10.0
"""Between two lines of one reason: whoever sends forged tokens does not fill the log with them."""

_LINE: Final = "Access tokens refused: %s (%d since this was last said; key id %s)."
_KID: Final = re.compile(r"[\w.:=-]{1,64}", re.ASCII)
_LONGEST_HEADER: Final = 2_048


class Reason(Enum):
    """Why a token is refused."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    ISSUER = "unknown_issuer"
    HEADER = "forbidden_header"
    ALGORITHM = "algorithm"
    TYPE = "type"
    KEY = "unknown_key"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    NOT_YET = "not_yet_valid"
    EXPIRED = "expired"
    CLAIMS = "claims"


class Refusals:
    """Logs refusals: of each reason at most a line in `SECONDS`, which says how many there were since the last one.

    Nothing of the token is in it but the id of its key, if that looks like one.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since: dict[Reason, int] = defaultdict(int)
        self._next: dict[Reason, float] = {}

    def add(self, reason: Reason, token: str) -> None:
        """A token was refused."""
        self._since[reason] += 1
        now = self._clock()
        if now < self._next.get(reason, now):
            return
        self._next[reason] = now + SECONDS
        level = logging.INFO if reason is Reason.EXPIRED else logging.WARNING
        count, kid = self._since.pop(reason), key_id(token) or "none"
        logger.log(level, _LINE, reason.value, count, kid)


def key_id(token: str) -> str | None:
    """The `kid` that a token claims; None for none, or for a text that is no such name."""
    part = token.partition(".")[0][:_LONGEST_HEADER]
    try:
        header: Any = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return None
    kid: Any = cast("Mapping[str, Any]", header).get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) and _KID.fullmatch(kid) else None
