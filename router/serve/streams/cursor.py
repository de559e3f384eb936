"""Places in a subscription's history: the source of events names them, clients give them back to go on from there.

A cursor is the source's own; the router carries it, in `extensions.cursor` of each event, and as the id of a
Server-Sent Event.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from router.execute.json import JSONObject
from router.serve.errors import BAD_USER_INPUT, Refused
from router.serve.request import GraphQLRequest

HEADER = "last-event-id"
KEY = "cursor"

_CURSOR = re.compile(r"[\x21-\x7e]{1,1024}")
"""What can be a header's value, and a field of an event stream, without being anything else."""


def cursor_in(payload: JSONObject) -> str | None:
    """The cursor that an event has."""
    extensions: Any = payload.get("extensions")
    cursor: Any = extensions.get(KEY) if extensions else None
    return cursor if isinstance(cursor, str) and _CURSOR.fullmatch(cursor) else None


def with_cursor(request: GraphQLRequest, headers: Mapping[str, str]) -> GraphQLRequest:
    """The request, saying itself where to go on if its headers do.

    Raises:
        Refused: it cannot be a cursor.
    """
    cursor = cursor_asked(request, headers)
    return request if cursor is None else replace(request, extensions={**(request.extensions or {}), KEY: cursor})


def cursor_asked(request: GraphQLRequest, headers: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """Where the client wants to go on; what stands in the request wins over what its user agent has added.

    Raises:
        Refused: it cannot be a cursor.
    """
    given: Any = (request.extensions or {}).get(KEY, headers.get(HEADER) or None)
    if given is None:
        return None
    if not isinstance(given, str) or not _CURSOR.fullmatch(given):
        raise Refused.because("The cursor is none that an event had.", BAD_USER_INPUT)
    return given
