"""Why a WebSocket is closed: the codes of the graphql-transport-ws protocol, and those of WebSockets."""

from typing import Final

GOING_AWAY: Final = 1001
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011
TRY_AGAIN_LATER: Final = 1013
BAD_REQUEST: Final = 4400
INVALID_MESSAGE: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
UNKNOWN_SUBPROTOCOL: Final = 4406
INIT_TIMEOUT: Final = 4408
ID_IN_USE: Final = 4409
TOO_MANY_INITS: Final = 4429

LONGEST_REASON: Final = 123
"""Bytes that a close frame has room for."""


class Closed(Exception):
    """The connection is to be closed, or is already (`code` None)."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
