"""The client's headers, as they go on to a subgraph.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-fields
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from router.execute.transport.base import InvalidHeader

HOP_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that describe the client's own connection or body, and so are never forwarded."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def forwarded(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The headers that a subgraph gets.

    Raises:
        InvalidHeader: one would end up as something else than one header.
    """
    return ((name, value) for name, value in headers.items() if _is_forwarded(name, value))


def header_lines(headers: Mapping[str, str]) -> bytes:
    """The headers that a subgraph gets, as they are written.

    Raises:
        InvalidHeader: one would end up as something else than one header.
    """
    return b"".join([_line(name, value) for name, value in headers.items()])


@lru_cache(maxsize=256)
def _line(name: str, value: str) -> bytes:
    """One of them, or nothing; clients send the same ones again and again."""
    return b"%b: %b\r\n" % (name.encode(), _encoded(value)) if _is_forwarded(name, value) else b""


def _is_forwarded(name: str, value: str) -> bool:
    """Whether a subgraph gets it.

    Raises:
        InvalidHeader: it would end up as something else than one header.
    """
    if name.lower() in HOP_HEADERS:
        return False
    if not _NAME.fullmatch(name) or _CONTROL.search(value):
        raise InvalidHeader(f"The header {name!r} cannot be forwarded.")
    return True


def _encoded(value: str) -> bytes:
    """As it came: the bytes of an HTTP header are read as Latin-1, a connection's parameters may hold anything."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()
