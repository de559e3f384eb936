"""The client's headers, as they go on to a subgraph.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-fields
"""

import re
from collections.abc import Iterator, Mapping

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
    for name, value in headers.items():
        if name.lower() in HOP_HEADERS:
            continue
        if not _NAME.fullmatch(name) or _CONTROL.search(value):
            raise InvalidHeader(f"The header {name!r} cannot be forwarded.")
        yield name, value


def header_lines(headers: Mapping[str, str]) -> bytes:
    """The headers that a subgraph gets, as they are written.

    Raises:
        InvalidHeader: one would end up as something else than one header.
    """
    return b"".join(b"%b: %b\r\n" % (name.encode(), _encoded(value)) for name, value in forwarded(headers))


def _encoded(value: str) -> bytes:
    """As it came: the bytes of an HTTP header are read as Latin-1, a connection's parameters may hold anything."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()
