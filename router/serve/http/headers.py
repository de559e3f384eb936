"""The headers of a request, each once.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-field-order
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from router.serve.errors import Refused

SINGLE = frozenset({"authorization", "content-length", "content-type", "host"})
"""Headers with one value: of several, every reader on the way might believe another."""

_USUAL = {
    name.encode(): name
    for name in (
        *("accept", "accept-encoding", "accept-language", "authorization", "connection", "content-length"),
        *("content-type", "cookie", "host", "origin", "referer", "user-agent", "x-forwarded-for", "x-forwarded-proto"),
    )
}
"""Headers that most requests have: to find their names costs less than to make them."""

LONGEST_HOST = 300
"""Characters with the port."""

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~-]{1,255})(?::[0-9]{1,5})?")
"""A name or an address, and perhaps a port. Source: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2"""


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; a header given in several lines is one list.

    Raises:
        Refused: one that has a single value is given twice, or the host is no name.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = _USUAL.get(raw_name) or raw_name.decode("latin-1").lower()
        value = raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name in SINGLE:
            raise Refused.because(f"The header {name} is given twice.", status=HTTPStatus.BAD_REQUEST)
        else:
            headers[name] += ("; " if name == "cookie" else ", ") + value
    if "host" in headers and not _is_host(headers["host"]):
        raise Refused.because("The header host is no name of a host.", status=HTTPStatus.BAD_REQUEST)
    return headers


@lru_cache(maxsize=1024)
def _is_host(host: str) -> bool:
    return len(host) <= LONGEST_HOST and _HOST.fullmatch(host) is not None
